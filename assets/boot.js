// Runs before the first paint, so it is small and has no dependencies. Four jobs: the chosen theme is set before anything is painted, the
// words of a language other than English are fetched beside the program, and so are the session and the first events; and a console that cannot
// start says so in words.
(function () {
  "use strict";
  var root = document.documentElement;
  var theme, language, motion, here;
  try {
    theme = localStorage.getItem("pitlane.theme");
    language = localStorage.getItem("pitlane.language");
    motion = localStorage.getItem("pitlane.motion");
    here = localStorage.getItem("pitlane.here");
  } catch (_) {
    // Storage can be switched off. The system's theme and the browser's languages are used then.
  }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (motion === "still") root.dataset.still = "";

  // Nothing is waited for without end.
  function within(ms) {
    return window.AbortSignal && AbortSignal.timeout ? AbortSignal.timeout(ms) : undefined;
  }

  // The chosen language, else the first of the browser's that the console speaks. English stands in the program and needs no catalogue.
  var wanted = [language || ""].concat(navigator.languages || []);
  for (var i = 0; i < wanted.length; i += 1) {
    var code = wanted[i].split("-")[0];
    var link = /^[a-z]+$/.test(code) && document.querySelector("link[rel=catalogue][hreflang=" + code + "]");
    if (link) {
      root.lang = code;
      root.dir = link.dataset.dir;
      // The program waits for this. Where nothing usable comes it speaks English, and says why.
      window.pitlaneWords = fetch(link.href, { signal: within(10000) })
        .then(function (answer) { return answer.ok ? answer.json() : null; })
        .catch(function () { return null; });
    }
    if (link || code === "en") break;
  }

  // Who is signed in, and the stream that shows the fleet: asked while the program is still on its way, which takes both up
  // (src/platform/early.rs). What the stream says until then is kept.
  if (window.fetch && window.EventSource && location.pathname !== "/sign-in") {
    var session = "/api/v1/session", events = "/api/v1/events", kept = [], taken = null, on = null;
    var early = window.pitlaneEarly = {};
    var listen = function () {
      var source = early[events] = new EventSource(events);
      var hear = function (event) {
        if (on) return on(event);
        // A program that never comes must not fill the memory; one that comes late opens a stream of its own. One that is there, on a page that nobody
        // looks at and that paints nothing, gets them all at once.
        if (kept.push(event) <= 500) return;
        if ((on = taken)) kept.splice(0).forEach(on);
        else { source.close(); kept = []; delete early[events]; }
      };
      ["open", "error", "snapshot", "nodes", "removed", "operation", "activity", "bulk"].forEach(function (name) {
        source.addEventListener(name, hear);
      });
      // What is on the screen first comes at once, and the rest of a large fleet after it is painted. In the order in which it was said.
      early.take = function (f) {
        taken = f;
        var next = function () {
          while (kept.length) {
            var event = kept.shift();
            f(event);
            if (event.type === "snapshot" && kept.length) {
              // The second frame begins when the first is painted.
              if (document.visibilityState === "visible") requestAnimationFrame(function () { requestAnimationFrame(function () { setTimeout(next); }); });
              else setTimeout(next);
              return;
            }
          }
          on = f;
        };
        next();
      };
    };
    // Who was signed in the last time is so now, most likely. Nobody else is told that there is a stream: it would be refused.
    if (here) listen();
    early[session] = fetch(session, { headers: { Accept: "application/json" }, signal: within(20000) }).then(function (answer) {
      if (answer.ok && !here) listen();
      return answer.text().then(function (text) { return [answer.status, text]; });
    });
    // The program says so where it did not work.
    early[session].catch(function () {});
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
