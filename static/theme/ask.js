/* Every script asks our server through `Songda.ask`, the one place that knows what an answer is.

   ask(address, {method, json, form, wait, poll}) gives {status, data} for every JSON answer. It raises a failure whose `kind` is
   "signed_out" (nobody, or somebody else, is signed in here), "offline" (no answer in `wait` milliseconds) or "strange" (an
   answer that is not ours, with its `status`). What was to be saved is then not saved.

   A form token that has expired is asked for anew and the request made again. While somebody is signed out a bar says so; once
   the same person is signed in again, in whatever tab, "songda:signed-in" is sent to the document.

   `poll`: nobody asked for this, it repeats by itself. Unless somebody has typed or clicked lately it carries X-Background,
   and does not keep the session alive. */
window.Songda = window.Songda || {};

(function (Songda) {
  "use strict";
  const WAIT = 30000;
  const RECHECK = 4000;
  const ACTIVE = 60000;
  const bar = document.querySelector("[data-session]");
  const session = { token: bar ? bar.dataset.csrf : "", reachedAt: Date.now(), out: false };
  let touchedAt = Date.now();
  let timer = null;

  class Failure extends Error {
    constructor(kind, status) {
      super(kind);
      this.kind = kind;
      this.status = status || 0;
    }
  }

  /* --- one request ------------------------------------------------------------------------------------------- */

  function headersFor(method, json, poll) {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRFToken"] = session.token;
    if (json !== undefined) headers["Content-Type"] = "application/json";
    if (poll && Date.now() - touchedAt > ACTIVE) headers["X-Background"] = "1";
    return headers;
  }

  async function send(address, { method = "GET", json, form, wait = WAIT, poll = false }) {
    const body = json === undefined ? form : JSON.stringify(json);
    const headers = headersFor(method, json, poll);
    let response;
    try {
      response = await fetch(address, { method, body, headers, credentials: "same-origin", signal: AbortSignal.timeout(wait) });
    } catch {
      throw new Failure("offline");
    }
    return read(response);
  }

  async function read(response) {
    const isJson = (response.headers.get("Content-Type") || "").includes("json");
    if (!isJson && response.redirected) throw new Failure("signed_out");
    if (!isJson) throw new Failure("strange", response.status);
    try {
      return { status: response.status, data: await response.json() };
    } catch {
      throw new Failure("offline"); // cut off on the way
    }
  }

  async function ask(address, options = {}) {
    try {
      let answer = await send(address, options);
      if (answer.data.code === "form_expired") {
        await renew();
        answer = await send(address, options);
      }
      if (answer.status === 401) throw new Failure("signed_out");
      reached();
      return answer;
    } catch (failure) {
      if (failure.kind === "signed_out" && !failure.isSaid) leave("out");
      throw failure;
    }
  }

  /* --- the session ------------------------------------------------------------------------------------------- */

  /* A fresh token for this page and all its forms. Raises a failure where nobody, or somebody else, is signed in. */
  async function renew(poll) {
    if (!bar) throw new Failure("strange", 403);
    const { status, data } = await send(bar.dataset.session, { poll }).catch((failure) => {
      throw failure.kind === "signed_out" ? leave("out") : failure;
    });
    if (status !== 200) throw leave("out");
    if (String(data.person) !== bar.dataset.person) throw leave("another", data.name);
    adopt(data.csrf);
  }

  function adopt(token) {
    session.token = token;
    document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token; });
    reached();
  }

  function reached() {
    session.reachedAt = Date.now();
    say("");
    if (!session.out) return;
    session.out = false;
    clearTimeout(timer);
    document.dispatchEvent(new CustomEvent("songda:signed-in"));
  }

  /* The bar says it until the person is back; gives the failure. */
  function leave(sentence, name) {
    session.out = true;
    say(sentence, name);
    clearTimeout(timer);
    timer = setTimeout(lookAgain, RECHECK);
    return Object.assign(new Failure("signed_out"), { isSaid: true });
  }

  function lookAgain() {
    clearTimeout(timer);
    if (session.out) renew(true).catch(() => { timer = setTimeout(lookAgain, RECHECK); });
  }

  /* One of the bar's sentences ("out", "another", "unreachable"), or none. */
  function say(which, name) {
    if (!bar) return;
    bar.hidden = !which;
    bar.querySelectorAll("[data-say]").forEach((one) => { one.hidden = one.dataset.say !== which; });
    bar.querySelectorAll("[data-name]").forEach((one) => { one.textContent = name || ""; });
  }

  for (const kind of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(kind, () => { touchedAt = Date.now(); }, { capture: true, passive: true });
  }
  window.addEventListener("focus", lookAgain);
  document.addEventListener("visibilitychange", () => document.hidden || lookAgain());

  Object.assign(Songda, { ask, session, renewSession: renew, saySession: say });
})(window.Songda);
