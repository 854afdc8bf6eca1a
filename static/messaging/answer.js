/* The answer that is being typed to a customer has a copy in this browser (static/theme/copies.js) until the server has taken it:
   a crash, a closed tab or a lost session costs at most a second of typing. What earlier pages left for the same conversation is
   offered again. The server says which copy it has taken in the address that it leads to after sending (?sent=). */
(function () {
  "use strict";
  const { copies } = window.Songda;
  const form = document.querySelector("[data-answer]");
  const bar = document.querySelector("[data-answer-left]");
  const own = (name) => bar.querySelector(`[data-answer-${name}]`);
  let offers = [];

  /* --- writing ----------------------------------------------------------------------------------------------- */

  const text = form && form.elements.text;
  const isMine = (one) => one.person === form.dataset.person && one.conversation === form.dataset.answer;

  async function write() {
    const { person, answer: conversation } = form.dataset;
    try {
      await (text.value.trim() ? copies.keep({ person, conversation, text: text.value }) : copies.drop());
      own("lost").hidden = true;
    } catch {
      own("lost").hidden = false;
      bar.hidden = false;
    }
  }

  /* --- what was left ----------------------------------------------------------------------------------------- */

  function show() {
    const [draft] = offers;
    own("offer").hidden = !draft;
    bar.hidden = !draft && own("lost").hidden;
    if (draft) own("words").textContent = own("words").dataset.words.replace("{time}", window.Songda.dayAndTime(draft.typedAt));
  }

  /* Beside what stands there already: nothing typed is overwritten. */
  async function restore() {
    const draft = offers.shift();
    text.value = text.value.trim() ? `${text.value.trimEnd()}\n${draft.text}` : draft.text;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
    show();
    await write();
    if (own("lost").hidden) copies.drop(draft.key).catch(() => null);
  }

  function discard() {
    copies.drop(offers.shift().key).catch(() => null);
    show();
  }

  async function forgetSent() {
    const address = new URL(window.location.href);
    const sent = address.searchParams.get("sent");
    if (!sent) return;
    address.searchParams.delete("sent");
    window.history.replaceState(null, "", address);
    await copies.drop(sent);
  }

  async function start() {
    copies.claim();
    await forgetSent().catch(() => null);
    if (!form) return;
    form.elements.copy.value = copies.key;
    text.addEventListener("input", copies.soon(write));
    document.addEventListener("visibilitychange", () => document.hidden && text.value.trim() && write());
    own("restore").addEventListener("click", restore);
    own("discard").addEventListener("click", discard);
    offers = await copies.left(isMine, (one) => one.text === text.value).catch(() => []);
    show();
    if (text.value !== text.defaultValue || form.hasAttribute("data-refused")) write();
  }

  start();
})();
