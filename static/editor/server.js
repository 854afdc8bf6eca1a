/* Talking to our own server: checking while one types, saving, media, rows of an audience. */
(function (E) {
  "use strict";
  const { store, shapes, words: w, fill } = E;
  const CHECK_AFTER = 600;
  const SAVE_AFTER = 2000;
  const SAVE_AT_LEAST = 10000;
  const LONGEST_RETRY = 30000;
  const UPLOAD = 600000;
  let checkTimer = null;
  let saveTimer = null;
  let saving = null;
  let unsavedSince = 0;
  let failures = 0;

  const urls = () => E.config.urls || {};

  const ask = (url, options) => window.Songda.ask(url, options);
  const post = (url, json) => ask(url, { method: "POST", json });

  function current() {
    const { content, fallback, edited } = store.get();
    return { content: shapes.dump(content), fallback: shapes.dump(fallback), edited, purpose: E.page.purpose() };
  }

  /* variable -> length of its longest value in the rows at hand, so that the server checks the filled lengths too. */
  function rowLengths() {
    const longest = {};
    for (const row of store.get().rows) {
      for (const [name, value] of Object.entries(row)) {
        longest[name] = Math.max(longest[name] || 0, String(value || "").length);
      }
    }
    return longest;
  }

  /* --- checking ------------------------------------------------------------------------------------------- */

  function scheduleCheck() {
    clearTimeout(checkTimer);
    if (urls().check) checkTimer = setTimeout(check, CHECK_AFTER);
  }

  /* Where the server cannot be asked the browser's own checks stay, and the page says that they are not the whole. */
  async function check() {
    const { revision } = store.get();
    const { status, data } = await post(urls().check, { ...current(), row_lengths: rowLengths() }).catch(() => ({ status: 0 }));
    if (store.get().revision !== revision) return;
    if (status === 200) accept(data);
    else store.set({ unchecked: true });
  }

  function accept(data) {
    store.set({
      serverProblems: data.problems || [], checked: true, unchecked: false, smsPreview: data.fallback_preview || null,
    });
  }

  /* --- saving --------------------------------------------------------------------------------------------- */

  /* Two seconds after the last key, and every ten seconds while typing goes on. */
  function changed() {
    const now = Date.now();
    if (!unsavedSince) unsavedSince = now;
    failures = 0;
    saveIn(Math.max(0, Math.min(SAVE_AFTER, unsavedSince + SAVE_AT_LEAST - now)));
    scheduleCheck();
    E.drafts.typed();
  }

  function saveIn(milliseconds) {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(autosave, milliseconds);
  }

  /* Gives what the server answered, or null where nothing was saved. */
  function save(asked) {
    if (saving) return saving.then((answer) => (store.get().dirty ? save(asked) : answer));
    if (!urls().save || E.config.readonly || !store.get().dirty) return Promise.resolve(null);
    clearTimeout(saveTimer);
    saving = send(asked).finally(() => (saving = null));
    return saving;
  }

  async function send(asked) {
    const { revision } = store.get();
    store.set({ saving: true });
    unsavedSince = 0;
    let answer;
    try {
      answer = await ask(urls().save, { method: "POST", json: current(), poll: failures > 0 });
    } catch (failure) {
      return unreached(failure);
    }
    return settle(answer, revision, asked);
  }

  const reasonOf = ({ kind, status }) => fill(w.reasons[kind] || w.reasons.offline, { status });

  /* The server does not have it: the text stays unsaved here, and is sent again until it does. */
  function unreached(failure) {
    const sentence = failure.kind === "signed_out" ? w.saveFailed : w.saveRetried;
    store.set({ saving: false, saveError: fill(sentence, { reason: reasonOf(failure) }) });
    E.drafts.write();
    again();
    return null;
  }

  function again() {
    failures += 1;
    saveIn(Math.min(LONGEST_RETRY, SAVE_AFTER * 2 ** (failures - 1)));
  }

  /* Mine over theirs. Where they have started another version meanwhile, it is saved there and opened. */
  async function overwrite(url, open) {
    if (url) E.config.urls = { ...E.config.urls, save: url };
    await save(true);
    if (url && open && !store.get().dirty) window.location.assign(open);
  }

  function settle({ status, data }, revision, asked) {
    if (status === 200) return saved(data, revision, asked);
    if (status === 409) {
      store.set({ saving: false, conflict: data, behind: data });
      E.drafts.write();
      return null;
    }
    const reason = data.message || (status === 400 ? w.hasProblems : w.notAllowed);
    store.set({ saving: false, saveError: fill(w.saveFailed, { reason }) });
    if (data.problems) store.set({ serverProblems: data.problems });
    if (status >= 500) again();
    return null;
  }

  function saved(data, revision, asked) {
    const unchanged = store.get().revision === revision;
    failures = 0;
    if (!unchanged) changed();
    store.set({
      saving: false, saveError: null, behind: null, edited: data.edited, savedAt: data.saved_at, dirty: !unchanged,
    });
    E.page.setEdited(data.edited);
    if (unchanged) E.drafts.write();
    if (unchanged && data.problems) store.set({ serverProblems: data.problems, checked: true, unchecked: false });
    if (data.redirect) moveOn(data, asked);
    return data;
  }

  /* The locked version became another one: it is opened, or the form that is being posted goes there. */
  function moveOn({ redirect, save_url: save, version }, asked) {
    if (asked !== "submit") {
      store.set({ dirty: false });
      window.location.assign(redirect);
      return;
    }
    E.config.version = { ...E.config.version, ...version, frozen: false };
    E.config.urls = { ...urls(), save };
    E.page.postTo(redirect);
  }

  /* A locked version is never saved behind one's back: that would make a new version. A conflict put off waits for its person. */
  function autosave() {
    const { dirty, conflict, behind, composing } = store.get();
    if (dirty && !conflict && !behind && !composing && !E.config.version.frozen) save(false);
  }

  /* The connection, or the person, is back. */
  function resume() {
    onShown();
    autosave();
    if (store.get().unchecked) scheduleCheck();
  }

  /* "Saved today 11:20" is said again whenever somebody comes back: the day may be another one. */
  function onShown() {
    if (!document.hidden) store.set({});
  }

  function onOffline() {
    if (store.get().dirty) store.set({ saveError: fill(w.saveRetried, { reason: w.reasons.offline }) });
  }

  /* The tab is being left, perhaps for good. */
  function onHidden() {
    if (!document.hidden || !store.get().dirty) return;
    E.drafts.write();
    autosave();
  }

  function start() {
    window.addEventListener("online", resume);
    window.addEventListener("offline", onOffline);
    document.addEventListener("songda:signed-in", resume);
    document.addEventListener("compositionend", () => saveIn(SAVE_AFTER));
    document.addEventListener("visibilitychange", onHidden);
    document.addEventListener("visibilitychange", onShown);
    window.addEventListener("pagehide", () => store.get().dirty && E.drafts.write());
  }

  /* --- reading -------------------------------------------------------------------------------------------- */

  /* The answer's data, or an error with a sentence for the person. */
  async function read(url) {
    const { status, data } = await media(url, { method: "GET" });
    if (status !== 200) throw new Error(data.message || w.notAllowed);
    return data;
  }

  async function listMedia(query, type, url) {
    const data = await read(url || `${urls().media_list}?q=${encodeURIComponent(query)}&type=${type}`);
    keep(data.items || []);
    return data;
  }

  async function upload(file) {
    const form = new FormData();
    form.append("file", file);
    return taken(await media(urls().media_upload, { form, wait: UPLOAD }));
  }

  /* The answer, or an error with a sentence for the person. */
  async function media(url, options) {
    try {
      return await ask(url, { method: "POST", ...options });
    } catch (failure) {
      throw Object.assign(new Error(fill(w.notDone, { reason: reasonOf(failure) })), { kind: failure.kind });
    }
  }

  function taken({ status, data }) {
    if (status >= 300) throw new Error(data.message || w.hasProblems);
    keep([data]);
    return data;
  }

  /* A film without a thumbnail gets a frame of itself, from the file just uploaded or from the library's own address.
     Raises when this browser cannot play it. */
  async function addFrame(asset, source) {
    const form = window.Songda.frame.form(asset.id, await window.Songda.frame.of(source));
    return taken(await media(urls().media_frame, { form, wait: UPLOAD }));
  }

  /* Another asset, cut to width and height. */
  async function crop(asset, box) {
    return taken(await media(urls().media_crop, { json: { asset, ...box } }));
  }

  /* A film's own frame is not listed in the library: it is known by its film. */
  function frameAsset({ thumbnail, thumb, name }) {
    return { id: thumbnail, name, mime: "image/jpeg", url: thumb, thumb };
  }

  function keep(assets) {
    const frames = assets.filter((one) => one.thumbnail).map(frameAsset);
    const known = store.get().assets;
    store.set({ assets: Object.fromEntries([...frames, ...Object.values(known), ...assets].map((one) => [String(one.id), one])) });
  }

  const rows = (audience) => read(`${urls().sample_rows}?audience=${encodeURIComponent(audience)}`);

  E.server = {
    scheduleCheck, check, save, autosave, overwrite, pending: () => saving, start, current, listMedia, upload, addFrame, crop,
    keep, rows,
  };
  E.events = { changed };
})(window.Songda.editor);
