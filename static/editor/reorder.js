/* Moving cards, buttons and pages: by dragging the handle, by buttons, by Alt with the arrow keys. */
(function (E) {
  "use strict";
  const { html } = window.SongdaRuntime;
  const { words: w, fill, store, classes } = E;

  const keys = (list) => store.read(list).map((item) => item.key);

  /* Where the dragged item would stand, from the pointer's place among its neighbours. */
  function targetIndex(list, clientY) {
    const items = [...document.querySelectorAll(`[data-list="${CSS.escape(list)}"]`)];
    const index = items.findIndex((item) => {
      const box = item.getBoundingClientRect();
      return clientY < box.top + box.height / 2;
    });
    return index < 0 ? items.length : index;
  }

  function onDragOver(event) {
    const { drag } = store.get();
    if (!drag) return;
    event.preventDefault();
    const to = targetIndex(drag.list, event.clientY);
    if (to !== drag.to) store.set({ drag: { ...drag, to } });
  }

  function onDrop(event) {
    const { drag } = store.get();
    if (!drag) return;
    event.preventDefault();
    const from = keys(drag.list).indexOf(drag.key);
    store.set({ drag: null });
    if (from >= 0) store.move(drag.list, from, drag.to > from ? drag.to - 1 : drag.to);
  }

  /* Cards fold while one is dragged (a tall card cannot be dragged past the edge of the window); the browser must have
     taken its picture of the handle first. */
  function startDrag(event, list, key) {
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", key);
    setTimeout(() => store.set({ drag: { list, key, to: -1 } }), 0);
  }

  function Handle({ list, itemKey }) {
    return html`<span class="handle" draggable="true" title=${w.drag} aria-hidden="true"
      onDragStart=${(event) => startDrag(event, list, itemKey)} onDragEnd=${() => store.set({ drag: null })}></span>`;
  }

  /* The element that has the focus is moved in the page and would lose it. */
  function keepFocus(change) {
    const field = document.activeElement;
    const caret = field && "selectionStart" in field ? [field.selectionStart, field.selectionEnd] : null;
    change();
    requestAnimationFrame(() => {
      if (document.activeElement === field || !field.isConnected) return;
      field.focus();
      if (caret && caret[0] !== null) field.setSelectionRange(...caret);
    });
  }

  function moveItem(element, step) {
    const { list, key } = element.dataset;
    const from = keys(list).indexOf(key);
    keepFocus(() => store.move(list, from, from + step));
  }

  function onKey(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || !step || event.isComposing || E.config.readonly) return;
    const item = event.target.closest("[data-list]");
    if (!item) return;
    event.preventDefault();
    moveItem(item, step);
  }

  function focusAfterRemoval(list, index) {
    requestAnimationFrame(() => {
      const items = document.querySelectorAll(`[data-list="${CSS.escape(list)}"]`);
      const next = items[Math.min(index, items.length - 1)];
      const field = next ? next.querySelector("button, input") : document.querySelector(`[data-add="${CSS.escape(list)}"]`);
      if (field) field.focus();
    });
  }

  function actionsOf({ list, index, count, name, full }) {
    const remove = () => {
      store.remove(list, index, name);
      focusAfterRemoval(list, index);
    };
    const move = (step) => () => keepFocus(() => store.move(list, index, index + step));
    return [
      { word: w.up, act: move(-1), disabled: index === 0, name: "act-up" },
      { word: w.down, act: move(1), disabled: index === count - 1, name: "act-down" },
      { word: w.duplicate, act: () => store.duplicate(list, index), disabled: full, name: "act-copy" },
      { word: w.remove, act: remove, disabled: false, name: "act-remove danger-text" },
    ];
  }

  /* The four actions of an item, side by side or, on a telephone, in a menu; `full` forbids another copy. */
  function Actions(props) {
    const isNarrow = E.useNarrow();
    const actions = actionsOf(props);
    const { name } = props;
    if (isNarrow) {
      const label = fill(w.actionsOf, { name });
      return html`<span class="item-actions"><${E.Menu} label=${label} actions=${actions} /></span>`;
    }
    return html`<span class="item-actions">${actions.map((one) => html`<button type="button" key=${one.word}
      class=${classes("small", one.name)} aria-label=${one.word + ": " + name} title=${one.word} disabled=${one.disabled}
      onClick=${one.act}>${one.word}</button>`)}</span>`;
  }

  /* Classes that show where a dragged item would land. */
  function dropClasses(drag, list, index, count, key) {
    if (!drag || drag.list !== list) return "";
    return classes(
      drag.key === key && "dragged",
      drag.to === index && "drop-before",
      drag.to === count && index === count - 1 && "drop-after",
    );
  }

  E.reorder = { onDragOver, onDrop, onKey, dropClasses };
  Object.assign(E, { Handle, Actions });
})(window.Songda.editor);
