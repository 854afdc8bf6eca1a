/* What the editor knows, and every way to change it. Content is immutable: a change makes a new value along its path. */
(function (E) {
  "use strict";
  const { paths, shapes, words: w, fill } = E;
  const listeners = new Set();
  const PRESS = 1000; // milliseconds; longer is not a click
  let state = {};
  let pressed = 0;

  const get = () => state;

  function set(changes) {
    state = { ...state, ...changes };
    if (!pressed) draw();
  }

  const draw = () => listeners.forEach((listener) => listener());

  /* While a button is pressed nothing is drawn: an answer of the server that comes between press and release would move the
     button away under the pointer, and the click would be lost. */
  function onPress(event) {
    if (!event.target.closest("button")) return;
    clearTimeout(pressed);
    pressed = setTimeout(release, PRESS);
  }

  function release() {
    if (!pressed) return;
    clearTimeout(pressed);
    pressed = 0;
    draw();
  }

  document.addEventListener("pointerdown", onPress, true);
  document.addEventListener("click", release, true);
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(release, 0), true);

  function subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /* "fallback.sms.text" lies in the fallback, everything else in the content. */
  function home(path) {
    return path.startsWith("fallback.") ? ["fallback", path.slice("fallback.".length)] : ["content", path];
  }

  function read(path) {
    const [root, rest] = home(path);
    return paths.get(state[root], rest);
  }

  /* A change at `place` makes the server's words about it out of date. */
  function edit(path, make, place) {
    const [root, rest] = home(path);
    commit({ [root]: paths.update(state[root], rest, make) }, place === undefined ? path : place);
  }

  function commit(changes, place) {
    const stale = (one) => paths.within(one.path, place) || (one.path && paths.within(place, one.path));
    set({
      ...changes,
      dirty: true,
      revision: state.revision + 1,
      serverProblems: state.serverProblems.filter((one) => !stale(one)),
      checked: false,
    });
    E.events.changed();
  }

  /* Something beside the content was changed that is saved with it. */
  function touch() {
    set({ dirty: true, revision: state.revision + 1, checked: false });
    E.events.changed();
  }

  const change = (path, value) => edit(path, () => value);

  function insert(list, index, item, opened) {
    if (!Array.isArray(read(list))) return; // a deletion taken back after the kind was changed
    edit(list, (items) => [...items.slice(0, index), item, ...items.slice(index)]);
    if (opened !== undefined) toggle(item.key, opened);
  }

  function remove(list, index, name) {
    const item = read(list)[index];
    edit(list, (items) => items.filter((_, place) => place !== index));
    E.undo.push(fill(w.deleted, { name }), () => insert(list, index, item));
  }

  function move(list, from, to) {
    const count = read(list).length;
    if (to < 0 || to >= count || from === to) return;
    edit(list, (items) => paths.move(items, "", from, to));
    say(fill(w.moved, { place: to + 1, count }));
  }

  function duplicate(list, index) {
    const copy = shapes.duplicate(read(list)[index]);
    insert(list, index + 1, copy, true);
    return copy;
  }

  /* Wherever this film stands without a thumbnail: while its frame was being taken its card may have moved. */
  function fillThumbnails(asset, thumbnail) {
    const { content } = state;
    const holders = [["", content], ["card.", content.card], ...(content.cards || []).map((card, at) => [`cards.${at}.`, card])];
    for (const [path, holder] of holders) {
      const media = holder && holder.media;
      if (media && media.asset === asset && !media.thumbnail) change(path + "media.thumbnail", thumbnail);
    }
  }

  /* What the other kind cannot hold is kept aside, and comes back when the kind is chosen again. */
  function changeKind(kind) {
    const { content, shelf } = state;
    const kept = { ...shelf, [content.kind]: content };
    const next = kept[kind] && !isBlank(kept[kind]) ? kept[kind] : shapes.convert(content, kind);
    set({ shelf: kept });
    commit({ content: next, ...fallbackFor(kind) }, "");
    openFirst();
  }

  function isBlank(content) {
    return JSON.stringify(shapes.dump(content)) === JSON.stringify(shapes.dump(shapes.blank(content.kind)));
  }

  /* An SMS or MMS has no fallback; what stood there is kept for a change of mind. */
  function fallbackFor(kind) {
    const rich = shapes.RICH_KINDS.includes(kind);
    if (rich && state.fallbackShelf) return { fallback: state.fallbackShelf, fallbackShelf: null };
    if (rich || state.fallbackShelf) return {};
    return { fallback: shapes.openFallback(null), fallbackShelf: state.fallback };
  }

  function toggle(key, opened) {
    const now = opened === undefined ? !state.open[key] : opened;
    set({ open: { ...state.open, [key]: now } });
  }

  function keysOf(content) {
    const frames = (state.fallback.mms && state.fallback.mms.frames) || [];
    return [...(content.cards || []), ...(content.frames || []), ...frames].map((item) => item.key);
  }

  function toggleAll(opened) {
    set({ open: Object.fromEntries(keysOf(state.content).map((key) => [key, opened])) });
  }

  /* The first card, and every card that waits for its first word. */
  function openFirst() {
    const items = state.content.cards || state.content.frames || [];
    items.forEach((item, index) => (index === 0 || isEmpty(item)) && toggle(item.key, true));
  }

  function isEmpty(item) {
    return !item.title && !item.description && !item.text && !item.media;
  }

  /* Spoken by screen readers. */
  function say(sentence) {
    set({ spoken: sentence });
  }

  function load(content, fallback, edited) {
    set({
      content: shapes.open(content), fallback: shapes.openFallback(fallback), edited, dirty: false, open: {},
      shelf: {}, fallbackShelf: null, revision: (state.revision || 0) + 1, serverProblems: [], checked: false,
    });
    openFirst();
  }

  E.store = {
    get, set, subscribe, read, change, edit, insert, remove, move, duplicate, fillThumbnails, changeKind, toggle, toggleAll, say,
    load, touch,
  };
})(window.Songda.editor);
