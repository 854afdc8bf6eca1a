// The frame without inline handlers: "/" goes to the number search, Esc closes what is open, one open drop-down at a time.
(function () {
  "use strict";

  var OPENABLE = "details.user-menu, details.filter, details.more";

  function openOnes() {
    return document.querySelectorAll(OPENABLE.split(", ").map(function (name) { return name + "[open]"; }).join(", "));
  }

  function closeAll(except) {
    openOnes().forEach(function (one) {
      if (one !== except) one.open = false;
    });
  }

  document.addEventListener("click", function (event) {
    closeAll(event.target.closest(OPENABLE));
  });

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  document.addEventListener("keydown", function (event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      var open = openOnes()[0];
      closeAll(null);
      if (open) open.querySelector("summary").focus();
      if (location.hash === "#nav-sidebar") location.hash = "#main";
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) {
      var field = document.getElementById("header-phone") || document.getElementById("searchbar");
      if (field) {
        event.preventDefault();
        field.focus();
      }
    }
  });

  // [data-copy="#id"] copies that field's value and says so.
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    var source = document.querySelector(button.getAttribute("data-copy"));
    navigator.clipboard.writeText("value" in source ? source.value : source.textContent).then(function () {
      button.textContent = button.getAttribute("data-copied");
    });
  });

  // [data-hide-after="60"] vanishes after so many seconds: a revealed number does not stay on the screen.
  document.querySelectorAll("[data-hide-after]").forEach(function (shown) {
    setTimeout(function () {
      shown.textContent = shown.getAttribute("data-instead");
    }, Number(shown.getAttribute("data-hide-after")) * 1000);
  });
})();
