// Which signature or which account is asked only where the scope is one of them. Without this script both are shown.
(function () {
  "use strict";

  var scope = document.querySelector("select[name=scope]");
  if (!scope) return;

  function show() {
    ["signature", "account"].forEach(function (name) {
      var row = document.querySelector(".field-" + name);
      if (row) row.hidden = scope.value !== name;
    });
  }

  scope.addEventListener("change", show);
  show();
})();
