/* The message after a deletion, and the choice when somebody else has saved in the meantime. */
(function (E) {
  "use strict";
  const { html, useEffect, useRef } = window.SongdaRuntime;
  const { words: w, fill, store, server, shapes, undo } = E;

  function Toast({ toast }) {
    if (!toast) return null;
    return html`<div class="toast"><span>${toast.sentence}</span>
      <button type="button" class="link-button" onClick=${undo.undo}>${w.undo}</button></div>`;
  }

  function flatten(value, path, found) {
    if (value !== null && typeof value === "object") {
      Object.entries(value).forEach(([name, item]) => flatten(item, path ? `${path}.${name}` : name, found));
    } else {
      found[path] = value;
    }
    return found;
  }

  /* [path, mine, theirs] wherever the two differ. */
  function differences(mine, theirs) {
    const one = flatten(mine, "", {});
    const other = flatten(theirs, "", {});
    return [...new Set([...Object.keys(one), ...Object.keys(other)])]
      .filter((path) => one[path] !== other[path])
      .map((path) => [path, one[path], other[path]]);
  }

  const shown = (value) => (value === undefined || value === null || value === "" ? w.nothing : String(value));

  function Differences({ theirs }) {
    const { content, fallback } = server.current();
    const other = { ...theirs.content, fallback: shapes.dump(shapes.openFallback(theirs.fallback)) };
    const rows = differences({ ...content, fallback }, other);
    return html`<div class="differences"><table class="table">
      <thead><tr><th>${w.place}</th><th>${w.yours}</th><th>${w.theirs}</th></tr></thead>
      <tbody>${rows.map(
        ([path, mine, their]) => html`<tr key=${path}><td><code>${path}</code></td>
          <td>${shown(mine)}</td><td>${shown(their)}</td></tr>`,
      )}</tbody>
    </table></div>`;
  }

  function keepMine(conflict) {
    const { theirs, save_url: url, version } = conflict;
    store.set({ conflict: null, behind: null, edited: theirs.edited, dirty: true });
    E.page.setEdited(theirs.edited);
    server.overwrite(url, version && version.url);
  }

  function takeTheirs(conflict) {
    const { content, fallback, edited } = conflict.theirs;
    store.load(content, fallback, edited);
    store.set({ conflict: null, behind: null, saveError: null });
    E.page.setEdited(edited);
    E.drafts.write();
    server.check();
  }

  function Conflict({ conflict }) {
    const dialog = useRef(null);
    useEffect(() => dialog.current.showModal(), []);
    return html`<dialog class="conflict" ref=${dialog} aria-labelledby="conflict-title"
      onClose=${() => store.set({ conflict: null })}>
      <h2 id="conflict-title">${fill(w.conflict, { who: conflict.who, at: window.Songda.dayAndTime(conflict.at) })}</h2>
      <p>${w.conflictHelp}</p>
      <${Differences} theirs=${conflict.theirs} />
      <div class="dialog-actions">
        <button type="button" onClick=${() => dialog.current.close()}>${w.decideLater}</button>
        <button type="button" onClick=${() => takeTheirs(conflict)}>${w.takeTheirs}</button>
        <button type="button" class="primary" onClick=${() => keepMine(conflict)}>${w.keepMine}</button>
      </div>
    </dialog>`;
  }

  Object.assign(E, { Toast, Conflict });
})(window.Songda.editor);
