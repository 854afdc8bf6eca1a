// Keeps the parts of a page up to date without loading it anew. A [data-live] element names the address; its answer is
// {"parts": {id: {html, mark, said}}, "open"}. A part is drawn anew only when its mark differs, keeps the focus and what is ticked,
// and is read aloud when what is said of it differs. Asks (theme/poller.js) every minute after a quiet quarter of an hour, and no more
// once nothing is open.
(function () {
  "use strict";

  var IDLE_AFTER = 900000;

  var place = document.querySelector("[data-live]");
  if (!place) return;

  var address = place.getAttribute("data-live");
  var voice = document.querySelector("[data-live-say]");
  var lost = document.querySelector("[data-live-lost]");
  var marks = {};

  function all(part, selector) {
    return Array.prototype.slice.call(part.querySelectorAll(selector));
  }

  // By what a link, a button or a box is the same one after the part was drawn anew.
  function own(element) {
    return element.tagName + " " + (element.getAttribute("href") || element.getAttribute("value"));
  }

  // The same as the one that had the focus, else the first there is.
  function refocus(part, name) {
    var candidates = all(part, "a[href], button, input");
    var same = candidates.filter(function (one) { return own(one) === name; })[0];
    var next = same || candidates[0];
    if (next) next.focus();
  }

  // What the reader has ticked stays ticked, as long as it may be.
  function draw(part, news) {
    var focused = part.contains(document.activeElement) ? own(document.activeElement) : null;
    var ticked = all(part, "input[type=checkbox]:checked").map(own);
    part.innerHTML = news.html;
    all(part, "input[type=checkbox]").forEach(function (box) { box.checked = ticked.indexOf(own(box)) >= 0; });
    if (focused) refocus(part, focused);
    part.dispatchEvent(new CustomEvent("songda:drawn", { bubbles: true }));
  }

  function take(id, news) {
    var part = document.getElementById(id);
    if (!part || marks[id] === news.mark) return "";
    marks[id] = news.mark;
    draw(part, news);
    if (part.getAttribute("data-said") === news.said) return "";
    part.setAttribute("data-said", news.said);
    return news.said;
  }

  function show(news) {
    var said = Object.keys(news.parts).map(function (id) { return take(id, news.parts[id]); }).filter(Boolean);
    if (voice && said.length) voice.textContent = said.join("; ");
    if (lost) lost.hidden = true;
    return { changed: said.length > 0, over: !news.open };
  }

  window.Songda.poll({
    address: function () { return address; },
    show: show,
    lost: function () { if (lost) lost.hidden = false; },
    idleAfter: IDLE_AFTER,
  });
})();
