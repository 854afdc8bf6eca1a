/* The [⋯] menu of the narrow page: an item's actions behind one button, by touch and by keyboard. */
(function (E) {
  "use strict";
  const { html, useLayoutEffect, useRef, useState } = window.SongdaRuntime;
  const { classes } = E;

  const entries = (menu) => [...menu.querySelectorAll("[role=menuitem]:not(:disabled)")];

  function step(menu, key) {
    const all = entries(menu);
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[key];
    all[next % all.length].focus();
  }

  /* `actions`: {word, act, disabled, name}. The focus goes back to the button before an action runs, so that what moves
     takes it along. */
  function Menu({ label, actions }) {
    const [open, setOpen] = useState(false);
    const button = useRef(null);
    const menu = useRef(null);
    useLayoutEffect(() => {
      if (open) entries(menu.current)[0].focus();
    }, [open]);
    const close = () => {
      button.current.focus();
      setOpen(false);
    };
    const onKeyDown = (event) => {
      if (event.altKey) return;
      if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) step(menu.current, event.key);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    const onFocusOut = (event) => {
      if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
    };
    const run = (action) => {
      close();
      action.act();
    };
    return html`<span class="menu" onfocusout=${onFocusOut}>
      <button type="button" class="menu-open" ref=${button} aria-haspopup="menu" aria-label=${label}
        aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}><span aria-hidden="true">⋯</span></button>
      ${open && html`<span class="menu-list" role="menu" ref=${menu} aria-label=${label} onKeyDown=${onKeyDown}>
        ${actions.map((one) => html`<button type="button" role="menuitem" tabindex="-1" key=${one.word}
          class=${classes("menu-item", one.name)} disabled=${one.disabled} onClick=${() => run(one)}>${one.word}</button>`)}
      </span>`}
    </span>`;
  }

  E.Menu = Menu;
})(window.Songda.editor);
