/* Puts the editor in place of the static page that stands there without JavaScript. */
(function (E) {
  "use strict";
  const { html, render, useEffect, useState } = window.SongdaRuntime;
  const {
    words: w, fill, store, server, shapes, page, problems: found, classes, memo, Body, Chain, Preview, Toast, Conflict, Choice,
    sentence,
  } = E;

  const NOTHING = [];

  const when = (at) => window.Songda.dayAndTime(at);

  function useStore() {
    const [, redraw] = useState(0);
    useEffect(() => store.subscribe(() => redraw((count) => count + 1)), []);
    return store.get();
  }

  function pickKind(kind) {
    const before = store.get().content;
    const { fallback } = store.get();
    store.changeKind(kind);
    E.undo.push(fill(w.kindChanged, { kind: w.kinds[kind] }), () => {
      store.change("", before);
      store.set({ fallback });
    });
  }

  /* Why the server does not have the text, what became of it, and what can be done. */
  function NotSaved({ state }) {
    const { behind, saveError, dirty, kept } = state;
    const decide = () => store.set({ conflict: behind });
    const why = behind ? fill(w.savedByOther, { who: behind.who, at: when(behind.at) }) : saveError;
    return html`<span class="save-state problem-error" role="alert">${why}</span>
      ${behind && html`<button type="button" class="link-button" onClick=${decide}>${w.decide}</button>`}
      ${dirty && kept !== undefined && html`<span class="help save-copy">${kept ? w.copyKept : w.noCopy}</span>`}`;
  }

  function SaveState({ state }) {
    if (E.config.readonly) return null;
    if (state.behind || state.saveError) return html`<${NotSaved} state=${state} />`;
    if (state.saving) return html`<span class="save-state">${w.saving}</span>`;
    if (state.dirty) return html`<span class="save-state unsaved">${w.unsaved}</span>`;
    return state.savedAt ? html`<span class="save-state">${fill(w.saved, { time: when(state.savedAt) })}</span>` : null;
  }

  function ProblemList({ list }) {
    return html`<ul class="problem-list">${found.ordered(list).map(
      (one) => html`<li key=${one.path + one.rule + one.message} class=${E.problemClass(one)}>
        <span aria-hidden="true" class="problem-icon"></span>
        <button type="button" class="link-button" onClick=${() => found.goTo(one.path)}>
          ${E.placeOf(one.path) && html`<strong>${E.placeOf(one.path)}</strong> `}${sentence(one)}</button></li>`,
    )}</ul>`;
  }

  const badgeOf = (errors, warnings) => (errors ? "badge-problem" : warnings ? "badge-attention" : "badge-idle");

  /* The count, the way to the next one, and the whole list for whoever wants to see it. */
  const ProblemBar = memo(function ProblemBar({ list, unchecked }) {
    const [open, setOpen] = useState(false);
    const flip = () => {
      setOpen(!open);
      store.set({ asked: true });
    };
    const errors = found.count(list, "error");
    const warnings = found.count(list, "warning");
    const accounts = found.count(list, "account");
    const counts = [errors && w.problems(errors), warnings && w.warnings(warnings), accounts && w.accountNotes(accounts)];
    return html`<div class="problem-bar">
      ${unchecked && html`<span class="badge badge-attention">${w.notChecked}</span>`}
      ${!errors && !warnings && !unchecked && html`<span class="badge badge-good">${w.ready}</span>`}
      ${list.length > 0 && html`<button type="button" class=${classes("badge-button badge", badgeOf(errors, warnings))}
        aria-expanded=${open ? "true" : "false"} onClick=${flip}>${counts.filter(Boolean).join(" · ")}</button>`}
      ${errors + warnings > 0 && html`<button type="button" class="link-button next-problem"
        onClick=${found.goToNext}>${w.next}</button>`}
      ${open && list.length > 0 && html`<${ProblemList} list=${list} />`}
    </div>`;
  });

  /* What was typed here before and never reached the server. */
  function Offer({ draft }) {
    const { version } = E.config;
    const isBehind = draft.version !== version.id || draft.edited !== version.edited;
    return html`<div class="notice attention draft-offer" role="status">
      <p>${fill(w.draftLeft, { time: when(draft.typedAt) })}
        ${isBehind && " " + fill(w.draftBehind, { who: version.saved_by, at: when(version.saved_at) })}</p>
      <button type="button" onClick=${() => E.drafts.restore(draft)}>${w.draftRestore}</button>${" "}
      <button type="button" class="link-button" onClick=${() => E.drafts.discard(draft)}>${w.draftDiscard}</button></div>`;
  }

  function Notices({ offers }) {
    const { version, readonly, refusals } = E.config;
    return html`${offers.slice(0, 3).map((one) => html`<${Offer} key=${one.key} draft=${one} />`)}
      ${!readonly && version.frozen && html`<p class="notice attention">${fill(w.locked, { number: version.number + 1 })}</p>`}
      ${(refusals || []).slice(0, 3).map((one, index) => html`<p class="notice problem"
        key=${index}>${w.refused} · ${one.account} · ${one.at}: ${one.message}</p>`)}`;
  }

  function Panes({ state }) {
    const panes = { edit: w.edit, preview: w.preview, fallback: w.fallback };
    return html`<div class="panes" role="tablist">${Object.entries(panes).map(
      ([name, word]) => html`<button type="button" role="tab" key=${name}
        class=${classes("pane-tab", state.pane === name && "on")}
        aria-selected=${state.pane === name ? "true" : "false"}
          onClick=${() => store.set({ pane: name })}>${word}</button>`,
    )}</div>`;
  }

  function Editor() {
    const state = useStore();
    const list = E.config.readonly ? NOTHING : found.shown(state);
    const onBlur = () => server.autosave();
    return html`<div class=${classes("editor-root", "pane-" + state.pane)} onKeyDown=${E.reorder.onKey}
      onDragOver=${E.reorder.onDragOver} onDrop=${E.reorder.onDrop}>
      <${Notices} offers=${state.offers} />
      <div class="editor-head">
        <${Choice} path="kind" label=${w.kind} value=${state.content.kind} options=${w.kinds}
          disabled=${E.config.readonly ? shapes.KINDS : NOTHING} onPick=${pickKind} />
        <${SaveState} state=${state} />
      </div>
      <${Panes} state=${state} />
      <div class="editor-columns">
        <fieldset class="editor-body" disabled=${E.config.readonly} onfocusout=${onBlur}>
          ${!E.config.readonly && html`<${ProblemBar} list=${list} unchecked=${Boolean(state.unchecked)} />`}
          <div class="edit-part"><${Body} state=${state} problems=${list} /></div>
          <div class="fallback-part"><${Chain} state=${state} problems=${list} /></div>
        </fieldset>
        <${Preview} state=${state} />
      </div>
      <${Toast} toast=${state.toast} />
      <div class="sr-only" aria-live="polite">${state.spoken}</div>
      ${state.conflict && html`<${Conflict} conflict=${state.conflict} />`}
    </div>`;
  }

  function startState() {
    const { version, media, problems } = E.config;
    const content = page.read("content") || shapes.dump(shapes.blank("card"));
    store.set({
      assets: Object.fromEntries((media || []).map((one) => [String(one.id), one])), serverProblems: [], revision: 0, open: {},
      pane: "edit", tab: "rcs", row: null, rows: [], rowIndex: 0, columns: [], folding: false, toast: null, spoken: "", drag: null,
      dark: E.startsDark(), savedAt: version.saved_at || "", offers: [],
    });
    store.load(content, page.read("fallback"), E.config.unsaved ? page.edited() : version.edited);
    if (E.config.unsaved) store.set({ dirty: true });
    if (E.config.readonly) store.toggleAll(true);
    store.set({ serverProblems: problems || [], checked: Boolean(problems && version.number) });
  }

  function start() {
    const root = document.getElementById("template-editor");
    const config = document.getElementById("editor-config");
    if (!root || !config) return;
    E.config = JSON.parse(config.textContent);
    E.config.readonly = E.config.readonly || E.config.read_only;
    E.config.version = E.config.version || { number: 0, edited: 0, frozen: false };
    startState();
    root.textContent = "";
    render(html`<${Editor} />`, root);
    page.start(root);
    server.start();
    if (E.config.unsaved) E.events.changed();
    E.drafts.offer();
    root.dataset.ready = "true";
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})(window.Songda.editor);
