// Keeps the page of a public link live. The server writes every word of it, in the reader's language, and lends the few that change: when something changed, the page is fetched again and its
// <main> takes the place of the old one. Between that, ages tick, and times stand in the reader's own zone and language.
"use strict";

const token = location.pathname.split("/")[2];
const live = document.querySelector("[data-live]");
const main = () => document.querySelector("main");
const ended = () => "ended" in main().dataset;
const language = document.documentElement.lang;
// As the reader's own region writes it, where the browser says which one that is.
const locale = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;
const words = JSON.parse(document.body.dataset.words);
const number = new Intl.NumberFormat(locale);
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const LOST_MS = 5_000; // Without a connection for so long, what is shown is called old;
const SILENT_MS = 40_000; // and as well when nothing was heard for so long: the server speaks every 15 s.
let ahead = 0; // Of this clock, the server's, in ms.
let heard = Date.now(); // When the server last said how things are, by this clock.
let connected = true;
let stream;
let title = document.title;

function hear(serverTime) {
  heard = Date.now();
  ahead = Date.parse(serverTime) - heard;
}

/** Puts values into the places of a sentence. */
function put(sentence, ...values) {
  return sentence.replace(/{}/g, () => {
    const value = values.shift();
    return typeof value === "number" ? number.format(value) : value;
  });
}

function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [m, h] = [Math.floor(s / 60), Math.floor(s / 3600)];
  if (s < 60) return put(words.s, s);
  if (m < 60) return put(words.min, m);
  if (h < 24) return m % 60 === 0 ? put(words.h, h) : put(words.hMin, h, m % 60);
  return put(words.d, Math.floor(h / 24));
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Says how old what is shown is, once it is not what is. Its states lose their colours, and nothing is called fresh. */
function age() {
  const silent = Date.now() - heard;
  const stale = !ended() && silent > (connected ? SILENT_MS : LOST_MS);
  if (stale) say("away", words.away);
  main().toggleAttribute("data-stale", stale);
  for (const fresh of document.querySelectorAll("[data-fresh]")) fresh.hidden = stale;
  const lost = document.querySelector("[data-lost]");
  lost.hidden = !stale;
  write(lost.querySelector("[role=alert]"), stale ? words.lost : "");
  write(lost.querySelector("[data-old]"), stale ? put(words.old, span(silent)) : "");
  document.title = stale ? "Pitlane" : title;
}

function tick() {
  age();
  const now = Date.now() + ahead;
  for (const time of document.querySelectorAll("[data-ago]")) write(time, put(words.ago, span(now - Date.parse(time.dateTime))));
  for (const time of document.querySelectorAll("[data-until]")) {
    const left = Date.parse(time.dateTime) - now;
    write(time, left >= 0 ? put(words.in, span(left)) : put(words.overdue, span(-left)));
  }
}

function dress() {
  for (const time of document.querySelectorAll("[data-exact]")) {
    time.title = time.textContent;
    write(time, exact.format(Date.parse(time.dateTime)));
  }
  if (main().dataset.now) hear(main().dataset.now);
  tick();
}

function say(state, words) {
  live.dataset.state = state;
  write(live, words);
}

async function refresh() {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" }, cache: "no-store" });
  if (!answer.ok && answer.status !== 404) throw new Error(`answered ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  main().replaceWith(document.adoptNode(page.querySelector("main")));
  title = page.title;
  dress();
  if (ended()) {
    stream?.close();
    say("ended", "");
  }
}

function away() {
  connected = false;
  say("away", words.away);
}

function follow() {
  stream = new EventSource(`/api/v1/shared/${token}/events`);
  stream.addEventListener("status", (event) => {
    const status = JSON.parse(event.data);
    connected = true;
    hear(status.server_time);
    const beat = document.querySelector("[data-heartbeat]");
    if (beat && status.last_heartbeat_at) beat.dateTime = status.last_heartbeat_at;
    tick();
    say("live", words.live);
    if (event.lastEventId !== main().dataset.version) refresh().catch(away);
  });
  stream.addEventListener("ended", () => {
    stream.close();
    refresh().catch(away);
  });
  stream.addEventListener("error", () => {
    away();
    // Refused for good, not merely cut off: the page itself says why, or works again later.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => refresh().then(() => ended() || follow(), () => follow()), 10_000);
  });
}

dress();
setInterval(tick, 1000);
if (!ended()) follow();
