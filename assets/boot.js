// Runs before the first paint, so it is small and has no dependencies. Two jobs:
// the chosen theme is set before anything is painted, and a console that cannot start says so in words.
(function () {
  "use strict";
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem("pitlane.theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch (_) {
    // Storage can be switched off. The system's theme is used then.
  }

  var started = false;
  function fail(kind) {
    if (!started) root.dataset.boot = kind;
  }
  if (typeof WebAssembly !== "object") fail("unsupported");
  // A failed download of a script or of the program arrives as one of these two, before the app is up.
  addEventListener("error", function (event) {
    if (event.target === window || (event.target && event.target.tagName === "SCRIPT")) fail("failed");
  }, true);
  addEventListener("unhandledrejection", function () { fail("failed"); });
  addEventListener("TrunkApplicationStarted", function () {
    started = true;
    delete root.dataset.boot;
  });
  addEventListener("load", function () {
    setTimeout(function () { fail("slow"); }, 15000);
  });
  addEventListener("click", function (event) {
    if (event.target.closest && event.target.closest("[data-reload]")) location.reload();
  });
})();
