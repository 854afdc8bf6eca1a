/* Inserting ${name} at the caret from a list, or under a new name. */
(function (E) {
  "use strict";
  const { html, useLayoutEffect, useRef, useState } = window.SongdaRuntime;
  const { words: w, text, store } = E;
  const NAME = /^[^${}\r\n]{1,40}$/;

  /* What vendors fill by themselves is offered where a short link belongs: `vendor` is "aim", "h5" or just true. */
  function names(vendor) {
    const { content, fallback, columns } = store.get();
    const offered = vendor === "aim" || vendor === "h5" ? E.config.vendor_variables || [] : [];
    const used = [...text.namesOf(content), ...text.namesOf(fallback)];
    return [...new Set([...offered, ...columns, ...(E.config.variables || []), ...used])];
  }

  function insertAt(field, path, name) {
    const { value, selectionStart, selectionEnd } = field;
    const token = "${" + name + "}";
    store.change(path, value.slice(0, selectionStart) + token + value.slice(selectionEnd));
    const caret = selectionStart + token.length;
    requestAnimationFrame(() => {
      field.focus();
      field.setSelectionRange(caret, caret);
    });
  }

  function VariableButton({ open, onToggle }) {
    return html`<button type="button" class="link-button variable-button" aria-expanded=${open ? "true" : "false"}
      aria-label=${w.addVariable} onClick=${onToggle}>+ ${w.variable}</button>`;
  }

  function VariableMenu({ field, path, vendor, onClose }) {
    const [fresh, setFresh] = useState("");
    const menu = useRef(null);
    useLayoutEffect(() => {
      menu.current.querySelector("button, input").focus();
    }, []);
    const put = (name) => {
      onClose();
      insertAt(field.current, path, name);
    };
    const onKeyDown = (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") {
        event.stopPropagation();
        onClose();
        field.current.focus();
      } else if (event.key === "Enter" && event.target.tagName === "INPUT") {
        event.preventDefault();
        if (NAME.test(fresh.trim())) put(fresh.trim());
      }
    };
    const known = names(vendor);
    return html`<div class="variable-menu" ref=${menu} role="group" aria-label=${w.addVariable} onKeyDown=${onKeyDown}>
      ${known.map((name) => html`<button type="button" key=${name} class="variable-name"
        onClick=${() => put(name)}>${name}</button>`)}
      ${!known.length && html`<p class="help">${w.noVariables}</p>`}
      <span class="variable-new">
        <input type="text" aria-label=${w.newVariable} placeholder=${w.newVariable} value=${fresh}
          onInput=${(event) => setFresh(event.target.value)} />
        <button type="button" disabled=${!NAME.test(fresh.trim())}
          onClick=${() => put(fresh.trim())}>${w.insert}</button>
      </span>
    </div>`;
  }

  Object.assign(E, { VariableButton, VariableMenu });
})(window.Songda.editor);
