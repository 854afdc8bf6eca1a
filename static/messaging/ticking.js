/* Says how many boxes of its form are ticked; with none there is nothing to press. Without script the server says so. */
(function () {
  "use strict";

  var form = document.querySelector("[data-ticking]");
  if (!form) return;
  var place = form.querySelector("[data-ticked]");
  var none = place.textContent;
  var words = place.getAttribute("data-ticked");
  var button = form.querySelector(".actions-bar button");

  function count() {
    var ticked = form.querySelectorAll("input[type=checkbox]:checked").length;
    var said = ticked ? words.replace("{n}", String(ticked)) : none;
    if (place.textContent !== said) place.textContent = said;
    button.disabled = !ticked;
  }

  form.addEventListener("change", count);
  form.addEventListener("songda:drawn", count);
  // Going back, the browser ticks what was ticked.
  window.addEventListener("pageshow", count);
  count();
})();
