// Keeps the parts of a page up to date without loading it anew. A [data-live] element names the address; its answer is
// {"parts": {id: {html, mark, said}}, "open"}. A part is drawn anew only when its mark differs, keeps the focus, and is read
// aloud when what is said of it differs. Asks every 2 s, every 10 s after a quiet minute, every minute after a quiet quarter
// of an hour; not while the tab is hidden, and no more once nothing is open.
(function () {
  "use strict";

  var QUICK = 2000;
  var SLOW = 10000;
  var RARE = 60000;
  var CALM_AFTER = 60000;
  var IDLE_AFTER = 900000;

  var place = document.querySelector("[data-live]");
  if (!place) return;

  var address = place.getAttribute("data-live");
  var voice = document.querySelector("[data-live-say]");
  var lost = document.querySelector("[data-live-lost]");
  var marks = {};
  var changedAt = Date.now();
  var timer = null;
  var over = false;

  function pause() {
    var calm = Date.now() - changedAt;
    return calm > IDLE_AFTER ? RARE : calm > CALM_AFTER ? SLOW : QUICK;
  }

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(look, wait);
  }

  // The same link or button as the one that had the focus, else the first there is.
  function refocus(part, address) {
    var candidates = Array.prototype.slice.call(part.querySelectorAll("a[href], button"));
    var same = candidates.filter(function (one) { return one.getAttribute("href") === address; })[0];
    var next = same || candidates[0];
    if (next) next.focus();
  }

  function draw(part, news) {
    var focused = part.contains(document.activeElement) ? document.activeElement : null;
    var address = focused ? focused.getAttribute("href") : null;
    part.innerHTML = news.html;
    if (focused) refocus(part, address);
  }

  function take(id, news) {
    var part = document.getElementById(id);
    if (!part || marks[id] === news.mark) return "";
    marks[id] = news.mark;
    draw(part, news);
    if (part.getAttribute("data-said") === news.said) return "";
    part.setAttribute("data-said", news.said);
    changedAt = Date.now();
    return news.said;
  }

  function show(news) {
    var said = Object.keys(news.parts).map(function (id) { return take(id, news.parts[id]); }).filter(Boolean);
    if (voice && said.length) voice.textContent = said.join("; ");
    if (lost) lost.hidden = true;
    over = !news.open;
    if (!over) later(pause());
  }

  function look() {
    if (document.hidden) return;
    fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) {
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        return answer.json();
      })
      .then(show)
      .catch(function () {
        if (lost) lost.hidden = false;
        later(SLOW);
      });
  }

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && !over) later(0);
  });
  later(QUICK);
})();
