/* A box that ticks all boxes of its form. Without script it stays hidden, and each is ticked by itself. */
(function () {
  "use strict";

  document.querySelectorAll("[data-choosing]").forEach(function (form) {
    var all = form.querySelector("[data-choose-all]");
    if (!all) return;
    var boxes = Array.from(form.querySelectorAll("tbody input[type=checkbox]"));

    function count() {
      return boxes.filter(function (box) { return box.checked; }).length;
    }

    all.hidden = false;
    all.addEventListener("change", function () {
      boxes.forEach(function (box) { box.checked = all.checked; });
    });
    form.addEventListener("change", function () {
      var chosen = count();
      all.checked = chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    });
  });
})();
