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

  // [data-copy="#id"] copies that field's value or that text, and says so. Browsers keep their clipboard from pages without
  // TLS; there the text is selected and copied the old way, and left selected where that is refused too.
  function copyOldWay(source) {
    if ("select" in source) {
      source.select();
    } else {
      var range = document.createRange();
      range.selectNodeContents(source);
      window.getSelection().removeAllRanges();
      window.getSelection().addRange(range);
    }
    return document.execCommand("copy") ? Promise.resolve() : Promise.reject(new Error("refused"));
  }

  function copy(source) {
    if (!navigator.clipboard) return copyOldWay(source);
    var text = "value" in source ? source.value : source.textContent;
    return navigator.clipboard.writeText(text).catch(function () { return copyOldWay(source); });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    var source = button && document.querySelector(button.getAttribute("data-copy"));
    if (!source) return;
    var before = button.textContent;
    copy(source).then(function () {
      button.textContent = button.getAttribute("data-copied");
      setTimeout(function () { button.textContent = before; }, 3000);
    }, function () {});
  });

  // [data-submit]: choosing is enough, no button has to be pressed.
  document.addEventListener("change", function (event) {
    var field = event.target.closest("[data-submit]");
    if (field) field.form.requestSubmit();
  });

  // [data-hide-after="60"] vanishes after so many seconds: a revealed number does not stay on the screen.
  document.querySelectorAll("[data-hide-after]").forEach(function (shown) {
    setTimeout(function () {
      shown.textContent = shown.getAttribute("data-instead");
    }, Number(shown.getAttribute("data-hide-after")) * 1000);
  });
})();
