/* Copies of what is being typed, kept in this browser until the server has it: what a crash, a closed tab or a lost session would
   take away. IndexedDB writes to the disk without keeping the keys waiting; localStorage would keep the last seconds in memory.
   One copy for each page that is open: two tabs do not overwrite each other's. At most MOST copies of BIGGEST characters, none
   older than DAYS.

   `keep(copy)` stores this page's copy and is fulfilled once it is on the disk, `drop(key)` removes one, by default this page's.
   `putBack(copy)` stores one as it was. `claim()` says that this page is open. `left(isMine, isKnown)` gives the copies of closed
   pages for which isMine(copy) is true, newest first; those of them with isKnown(copy) are removed instead.
   `soon(write)` gives a function that has `write` called within half a second, however fast it is called again. */
window.Songda = window.Songda || {};

(function (Songda) {
  "use strict";
  const NAME = "songda-drafts";
  const WITHIN = 500;
  const MOST = 20;
  const BIGGEST = 2_000_000;
  const DAYS = 30;
  const key = newKey();
  let opened = null;

  function newKey() {
    return [...crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(36)).join("");
  }

  /* --- the database ------------------------------------------------------------------------------------------ */

  function answered(request) {
    return new Promise((done, failed) => {
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
  }

  function database() {
    if (opened) return opened;
    opened = new Promise((done, failed) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "key" });
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
    opened.then((db) => { db.onclose = () => { opened = null; }; }, () => { opened = null; });
    return opened;
  }

  /* One transaction; it has reached the disk when the promise is fulfilled. */
  async function within(mode, act) {
    const db = await database();
    const transaction = db.transaction("drafts", mode, { durability: "strict" });
    const request = act(transaction.objectStore("drafts"));
    const ended = new Promise((done, failed) => {
      transaction.oncomplete = done;
      transaction.onabort = transaction.onerror = () => failed(transaction.error);
    });
    const [result] = await Promise.all([answered(request), ended]);
    return result;
  }

  const all = () => within("readonly", (drafts) => drafts.getAll());
  const putBack = (copy) => within("readwrite", (drafts) => drafts.put(copy));
  const drop = (name = key) => within("readwrite", (drafts) => drafts.delete(name));

  async function keep(copy) {
    const whole = { ...copy, key, typedAt: Date.now() };
    if (JSON.stringify(whole).length > BIGGEST) throw new Error("too large to be kept");
    await putBack(whole);
  }

  function soon(write) {
    let timer = null;
    const now = () => {
      clearTimeout(timer);
      timer = null;
      return write();
    };
    return () => { if (timer === null) timer = setTimeout(now, WITHIN); };
  }

  /* --- what was left ----------------------------------------------------------------------------------------- */

  /* Each open page holds a lock named like its copy (where the browser has locks: over TLS). */
  function claim() {
    if (navigator.locks) navigator.locks.request(NAME + key, () => new Promise(() => {}));
  }

  async function claimed() {
    if (!navigator.locks) return new Set();
    const { held } = await navigator.locks.query();
    return new Set(held.map((lock) => lock.name));
  }

  async function left(isMine, isKnown) {
    const open = await claimed();
    const closed = (one) => one.key !== key && !open.has(NAME + one.key);
    const kept = (await all()).filter(closed).sort((one, other) => other.typedAt - one.typedAt);
    const old = Date.now() - DAYS * 86400000;
    const gone = kept.filter((one, index) => index >= MOST || one.typedAt < old || (isMine(one) && isKnown(one)));
    await Promise.all(gone.map((one) => drop(one.key)));
    return kept.filter((one) => isMine(one) && !gone.includes(one));
  }

  Songda.copies = { key, keep, drop, putBack, claim, left, soon };
})(window.Songda);
