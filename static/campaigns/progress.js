// Keeps [data-refresh] up to date (theme/poller.js) until the answer says that it is final. What is read aloud changes at state changes
// and each 10 % only.
(function () {
  "use strict";

  var place = document.querySelector("[data-refresh]");
  var voice = document.querySelector("[data-refresh-say]");
  if (!place) return;

  var address = place.getAttribute("data-refresh");
  var lost = voice ? voice.getAttribute("data-refresh-lost") : "";
  var last = { said: "" };

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
      return { over: true };
    }
    var changed = news.mark !== last.mark || news.mark === undefined;
    last.mark = news.mark;
    var open = openDetails();
    place.innerHTML = news.html;
    open.forEach(function (id) {
      var one = document.getElementById(id);
      if (one) one.open = true;
    });
    say(news.said || "");
    document.dispatchEvent(new CustomEvent("songda:refreshed", { detail: news }));
    return { changed: changed, over: news.final };
  }

  window.Songda.poll({
    address: function () { return address; },
    show: show,
    lost: function () { say(lost); },
  });
})();
