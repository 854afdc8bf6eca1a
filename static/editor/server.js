/* Talking to our own server: checking while one types, saving, media, rows of an audience. */
(function (E) {
  "use strict";
  const { store, shapes, words: w, fill } = E;
  const CHECK_AFTER = 600;
  const SAVE_EVERY = 20000;
  let checkTimer = null;
  let saving = null;

  const urls = () => E.config.urls || {};

  async function ask(url, options) {
    const headers = { Accept: "application/json", "X-CSRFToken": E.config.csrf || "", ...options.headers };
    const response = await fetch(url, { credentials: "same-origin", ...options, headers });
    const isJson = (response.headers.get("Content-Type") || "").includes("json");
    return { status: response.status, data: isJson ? await response.json() : {} };
  }

  function post(url, data) {
    return ask(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) });
  }

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

  async function check() {
    const { revision } = store.get();
    try {
      const { status, data } = await post(urls().check, { ...current(), row_lengths: rowLengths() });
      if (status === 200 && store.get().revision === revision) accept(data);
    } catch {
      /* The browser's own checks stay; the next change asks again. */
    }
  }

  function accept(data) {
    store.set({ serverProblems: data.problems || [], checked: true, smsPreview: data.fallback_preview || null });
  }

  /* --- saving --------------------------------------------------------------------------------------------- */

  function save(asked) {
    if (saving) return saving.then(() => (store.get().dirty ? save(asked) : null));
    if (!urls().save || E.config.readonly || !store.get().dirty) return Promise.resolve();
    saving = send(asked).finally(() => (saving = null));
    return saving;
  }

  async function send(asked) {
    const { revision } = store.get();
    store.set({ saving: true });
    try {
      settle(await post(urls().save, current()), revision, asked);
    } catch {
      store.set({ saving: false, saveError: w.offline });
    }
  }

  /* Mine over theirs. Where they have started another version meanwhile, it is saved there and opened. */
  async function overwrite(url, open) {
    if (url) E.config.urls = { ...E.config.urls, save: url };
    await save(true);
    if (url && open && !store.get().dirty) window.location.assign(open);
  }

  function settle({ status, data }, revision, asked) {
    if (status === 200) return saved(data, revision);
    if (status === 409) return store.set({ saving: false, conflict: data });
    const reason = data.message || (status === 400 ? w.hasProblems : w.notAllowed);
    store.set({ saving: false, saveError: fill(w.saveFailed, { reason }) });
    if (data.problems) store.set({ serverProblems: data.problems });
    return asked;
  }

  function saved(data, revision) {
    const unchanged = store.get().revision === revision;
    store.set({ saving: false, saveError: null, edited: data.edited, savedAt: data.saved_at, dirty: !unchanged });
    E.page.setEdited(data.edited);
    if (unchanged && data.problems) store.set({ serverProblems: data.problems, checked: true });
    if (data.redirect) {
      store.set({ dirty: false });
      window.location.assign(data.redirect);
    }
  }

  /* A locked version is never saved behind one's back: that would make a new version. */
  function autosave() {
    const { dirty, conflict, composing } = store.get();
    if (dirty && !conflict && !composing && !E.config.version.frozen) save(false);
  }

  function start() {
    setInterval(autosave, SAVE_EVERY);
  }

  /* --- reading -------------------------------------------------------------------------------------------- */

  async function listMedia(query, type, url) {
    const address = url || `${urls().media_list}?q=${encodeURIComponent(query)}&type=${type}`;
    const { data } = await ask(address, { method: "GET" });
    keep(data.items || []);
    return data;
  }

  async function upload(file) {
    const form = new FormData();
    form.append("file", file);
    const { status, data } = await ask(urls().media_upload, { method: "POST", body: form });
    if (status >= 300) throw new Error(data.message || w.hasProblems);
    keep([data]);
    return data;
  }

  /* A film without a thumbnail gets a frame of itself, from the file just uploaded or from the library's own address.
     Raises when this browser cannot play it. */
  async function addFrame(asset, source) {
    const taken = await window.Songda.frame.of(source);
    const body = window.Songda.frame.form(asset.id, taken);
    const { status, data } = await ask(urls().media_frame, { method: "POST", body });
    if (status >= 300) throw new Error(data.message || w.hasProblems);
    keep([data]);
    return data;
  }

  /* Another asset, cut to width and height. */
  async function crop(asset, box) {
    const { status, data } = await post(urls().media_crop, { asset, ...box });
    if (status >= 300) throw new Error(data.message || w.hasProblems);
    keep([data]);
    return data;
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

  async function rows(audience) {
    const { data } = await ask(`${urls().sample_rows}?audience=${encodeURIComponent(audience)}`, { method: "GET" });
    return data;
  }

  E.server = {
    scheduleCheck, check, save, autosave, overwrite, pending: () => saving, start, current, listMedia, upload, addFrame, crop,
    keep, rows,
  };
  E.events = { changed: scheduleCheck };
})(window.Songda.editor);
