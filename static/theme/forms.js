/* Forms lose no text. Where the session may have ended since the page was loaded it is looked at before a form is sent: then the
   page stays, the bar says what to do, and the same button sends it after signing in. Whoever leaves a page with a longer text or
   form that was not sent is asked first. */
(function () {
  "use strict";
  const { session, renewSession, saySession } = window.Songda;
  const FRESH = 30000;
  const ALIVE = 120000;
  const LONG = 4;
  const checked = new Set();
  const waiting = new Set();
  let sent = null;
  let keeping = false;

  const isPost = (form) => (form.getAttribute("method") || "").toLowerCase() === "post";

  /* --- sending ----------------------------------------------------------------------------------------------- */

  function onSubmit(event) {
    const form = event.target;
    if (!isPost(form) || form.closest("[data-unchecked]") || checked.has(form)) return;
    if (!session.out && Date.now() - session.reachedAt < FRESH) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!waiting.has(form)) check(form, event.submitter);
  }

  async function check(form, submitter) {
    waiting.add(form);
    try {
      await renewSession();
    } catch (failure) {
      if (failure.kind !== "signed_out") saySession("unreachable");
      return;
    } finally {
      waiting.delete(form);
    }
    if (submitter && submitter.form !== form) return; // drawn anew meanwhile: what it would send is not certain
    checked.add(form);
    form.requestSubmit(submitter);
    checked.delete(form);
  }

  /* Typing counts as work: a session ends while nobody does anything, not while somebody writes. */
  async function keepAlive() {
    if (keeping || session.out || Date.now() - session.reachedAt < ALIVE) return;
    keeping = true;
    await renewSession().catch(() => null);
    keeping = false;
  }

  /* --- leaving ----------------------------------------------------------------------------------------------- */

  const isText = (field) => field.matches("textarea, select, input:not([type=hidden], [type=checkbox], [type=radio])");

  function isChanged(field) {
    if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
    const options = [...field.options];
    if (field.multiple) return options.some((one) => one.selected !== one.defaultSelected);
    return field.selectedIndex !== Math.max(options.findIndex((one) => one.defaultSelected), 0);
  }

  /* A form that came back with sentences about it was not taken either. The editor of templates has a guard of its own. */
  function isUnsent(form) {
    if (form === sent || !isPost(form) || form.id === "editor-form") return false;
    const fields = [...form.elements].filter(isText);
    const isLong = fields.length >= LONG || fields.some((field) => field.tagName === "TEXTAREA");
    const isRefused = form.hasAttribute("data-refused") || form.querySelector(".errornote") !== null;
    return isLong && (isRefused || fields.some(isChanged));
  }

  function onLeave(event) {
    if ([...document.querySelectorAll("#content form")].some(isUnsent)) event.preventDefault();
  }

  if (!document.querySelector("[data-session]")) return;
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("submit", (event) => { sent = event.defaultPrevented ? sent : event.target; });
  document.addEventListener("input", keepAlive);
  window.addEventListener("beforeunload", onLeave);
  window.addEventListener("pageshow", () => { sent = null; });
})();
