/* The copy of the text that is being typed (static/theme/copies.js), and what earlier pages left unsaved. */
(function (E) {
  "use strict";
  const { store, shapes } = E;
  const { copies } = window.Songda;
  const soon = copies.soon(write);

  const isKept = () => Boolean(E.config.person) && !E.config.readonly;

  /* --- writing ----------------------------------------------------------------------------------------------- */

  function current() {
    const { version, person } = E.config;
    const { content, fallback, edited } = store.get();
    return {
      person: String(person), template: version.template && version.template.id, version: version.id, edited,
      content: shapes.dump(content), fallback: shapes.dump(fallback),
    };
  }

  /* A key was typed: the copy is written soon, however fast the next keys come. */
  function typed() {
    if (isKept()) soon();
  }

  async function write() {
    if (!isKept()) return;
    try {
      await (store.get().dirty ? copies.keep(current()) : copies.drop());
      store.set({ kept: true });
    } catch {
      store.set({ kept: false });
    }
  }

  /* --- what was left ----------------------------------------------------------------------------------------- */

  const words = ({ content, fallback }) => JSON.stringify([content, fallback]);

  function onScreen() {
    const { content, fallback } = store.get();
    return words({ content: shapes.dump(content), fallback: shapes.dump(fallback) });
  }

  /* Copies of this template's texts by this person that are not on the screen. */
  async function left() {
    const { version, person } = E.config;
    if (!isKept() || !version.template) return [];
    const shown = onScreen();
    const isMine = (one) => one.person === String(person) && one.template === version.template.id;
    return copies.left(isMine, (one) => words(one) === shown);
  }

  async function offer() {
    copies.claim();
    try {
      store.set({ offers: await left() });
    } catch {
      store.set({ offers: [] });
    }
  }

  const without = (draft) => store.get().offers.filter((one) => one.key !== draft.key);

  /* On the screen again, as something that is not saved yet. What a colleague saved since is not overwritten: the save carries
     the count that this text was typed upon, and another version's text carries none. */
  function restore(draft) {
    const edited = draft.version === E.config.version.id ? draft.edited : -1;
    store.load(draft.content, draft.fallback, edited);
    E.page.setEdited(edited);
    store.set({ offers: without(draft) });
    store.touch();
    write().then(() => store.get().kept && copies.drop(draft.key)).catch(() => null);
  }

  /* The offer goes once the copy is gone: whoever leaves the page at once is not asked about it again. */
  async function discard(draft) {
    await copies.drop(draft.key).catch(() => null);
    store.set({ offers: without(draft) });
    E.undo.push(E.words.draftDiscarded, () => {
      copies.putBack(draft).catch(() => null);
      store.set({ offers: [draft, ...store.get().offers] });
    });
  }

  E.drafts = { typed, write, offer, restore, discard };
})(window.Songda.editor);
