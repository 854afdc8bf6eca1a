// Keeps [data-refresh] up to date: every 2 s while the tab is seen, every 10 s after a minute without change, and no
// more once the answer says that it is final. What is read aloud changes at state changes and each 10 % only.
(function () {
  "use strict";

  var QUICK = 2000;
  var SLOW = 10000;
  var CALM_AFTER = 60000;

  var place = document.querySelector("[data-refresh]");
  var voice = document.querySelector("[data-refresh-say]");
  if (!place) return;

  var address = place.getAttribute("data-refresh");
  var lost = voice ? voice.getAttribute("data-refresh-lost") : "";
  var last = { html: "", said: "", changedAt: Date.now() };
  var timer = null;

  function pause() {
    return Date.now() - last.changedAt > CALM_AFTER ? SLOW : QUICK;
  }

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(look, wait);
  }

  function say(text) {
    if (voice && text !== last.said) {
      voice.textContent = text;
      last.said = text;
    }
  }

  function openDetails() {
    return Array.prototype.map.call(place.querySelectorAll("details[open][id]"), function (one) { return one.id; });
  }

  function show(news) {
    if (news.reload) {
      window.location.reload();
      return;
    }
    if (news.mark !== last.mark || news.mark === undefined) {
      last.mark = news.mark;
      last.changedAt = Date.now();
    }
    var open = openDetails();
    place.innerHTML = news.html;
    open.forEach(function (id) {
      var one = document.getElementById(id);
      if (one) one.open = true;
    });
    say(news.said || "");
    document.dispatchEvent(new CustomEvent("songda:refreshed", { detail: news }));
    if (!news.final) later(pause());
  }

  function look() {
    if (document.hidden) {
      later(QUICK);
      return;
    }
    fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) {
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        return answer.json();
      })
      .then(show)
      .catch(function () {
        say(lost);
        later(SLOW);
      });
  }

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) later(0);
  });
  later(QUICK);
})();
