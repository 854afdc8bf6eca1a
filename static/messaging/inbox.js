// The inbox without reload (theme/poller.js): both panes. What is being typed is never touched. Without this script everything
// still works by links and forms.
(function () {
  "use strict";

  var inbox = document.querySelector("[data-inbox]");
  if (!inbox) return;
  var list = inbox.querySelector("[data-inbox-list]");
  var thread = inbox.querySelector("[data-inbox-thread]");
  var voice = inbox.querySelector("[data-inbox-say]");
  var text = inbox.querySelector("textarea[name=text]");
  var mark = "";
  var said = voice.getAttribute("data-said");

  // --- news ---------------------------------------------------------------------------------------------------------

  function say(words) {
    if (words === said) return;
    voice.textContent = words;
    said = words;
  }

  function replaceList(html) {
    var focused = document.activeElement && document.activeElement.getAttribute("data-reply");
    list.innerHTML = html;
    var again = focused && list.querySelector('[data-reply="' + focused + '"]');
    if (again) again.focus();
  }

  function replaceThread(html, seen) {
    if (!thread) return;
    var atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 24;
    thread.innerHTML = html;
    if (atEnd) thread.scrollTop = thread.scrollHeight;
    inbox.querySelectorAll("[data-seen]").forEach(function (field) { field.value = seen; });
  }

  function show(news) {
    var changed = news.mark !== mark && news.list !== undefined;
    if (changed) {
      mark = news.mark;
      replaceList(news.list);
      replaceThread(news.thread, news.seen);
      say(news.said);
    }
    return { changed: changed };
  }

  window.Songda.poll({
    address: function () { return inbox.getAttribute("data-inbox") + "&mark=" + mark; },
    show: show,
    lost: function () { say(voice.getAttribute("data-lost")); },
  });
  if (thread) thread.scrollTop = thread.scrollHeight;

  // --- keys ---------------------------------------------------------------------------------------------------------

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function move(by) {
    var links = Array.prototype.slice.call(list.querySelectorAll("[data-reply]"));
    if (!links.length) return;
    var at = links.indexOf(document.activeElement);
    if (at < 0) at = links.findIndex(function (link) { return link.hasAttribute("aria-current"); });
    var next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1);
    links[next].focus();
  }

  function backToList() {
    var current = list.querySelector("[aria-current=true]") || list.querySelector("[data-reply]");
    if (current) current.focus();
  }

  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.altKey || event.metaKey) return;
    if (event.key === "Enter" && event.ctrlKey && event.target === text) {
      event.preventDefault();
      text.form.requestSubmit();
    } else if (event.key === "Escape" && event.target === text) {
      backToList();
    } else if (isTyping(event.target) || event.ctrlKey || event.target === thread) {
      return;
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key.toLowerCase() === "a" && text) {
      event.preventDefault();
      text.focus();
    } else if (event.key === "Escape") {
      backToList();
    }
  });

  // --- the answer ---------------------------------------------------------------------------------------------------

  var counter = inbox.querySelector("[data-counter]");
  var signature = inbox.querySelector("select[name=signature]");

  function count() {
    if (!counter || !text) return;
    var chosen = signature && signature.selectedOptions[0];
    var all = Array.from(text.value).length + (chosen ? Array.from(chosen.textContent.trim().replace(/[【】]/g, "")).length + 2 : 0);
    counter.textContent = text.value ? counter.getAttribute("data-words").replace("{n}", String(all)) + " ·" : "";
  }

  if (text) text.addEventListener("input", count);
  if (signature) signature.addEventListener("change", count);
  count();

  var canned = inbox.querySelector("[data-canned]");
  if (canned && text) {
    canned.addEventListener("submit", function (event) {
      event.preventDefault();
      var ready = canned.querySelector("select").selectedOptions[0].getAttribute("data-text");
      text.value = text.value.trim() ? text.value.trimEnd() + "\n" + ready : ready;
      text.focus();
      count();
    });
  }

  // One click sends once; the page that answers says so.
  inbox.querySelectorAll("form[method=post]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  });
})();
