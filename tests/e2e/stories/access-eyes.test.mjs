// For whoever sees little, or otherwise: forced colours, a zoom of 200 and 400 %, text set wider, nothing that moves, a table on a phone, and paper.
import assert from "node:assert/strict";
import { after } from "node:test";
import { LargeFleet } from "../../bench/fleet.mjs";
import { Wire } from "../../support/cut.mjs";
import { until } from "../../support/wait.mjs";
import { DESKTOP, PHONE } from "../support/browser.mjs";
import { clipped, painted, told, walk, wider } from "../support/access.mjs";
import { cast, SLOW } from "../support/cast.mjs";
import { fleet, reads, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const dialog = (page) => page.getByRole("dialog");

/** The pages and sheets that are looked at, with what is waited for. */
function places(page, nodes) {
  const at = (name) => `/nodes/${nodes[name].id}`;
  const heading = (name) => () => page.getByRole("heading", { name, level: 1 }).waitFor();
  const row = (name) => () => page.getByRole("row", { name: new RegExp(name) }).first().waitFor();
  return [
    ["cards", "/nodes", () => fleet.card(page, "edge-fra-05").waitFor()],
    ["table", "/nodes?view=table", row("edge-fra-01")],
    ["groups", "/nodes?group=region", () => fleet.card(page, "edge-fra-05").waitFor()],
    ["node", at("edge-fra-01"), row("postgres")],
    ["maintenance", at("edge-fra-02"), heading("edge-fra-02")],
    ["upgrade", at("edge-sto-01"), heading("edge-sto-01")],
    ["activity", "/activity", () => page.getByText("Kernel 6.12 reboot").first().waitFor()],
    ["drain", `${at("edge-fra-01")}?do=drain`, () => reads(dialog(page), /postgres/)],
    ["activate", `${at("edge-ams-02")}?do=activate`, () => reads(dialog(page), /Heartbeat fresh/)],
    ["share", `${at("edge-fra-01")}?do=share`, () => reads(dialog(page), /For everybody/)],
    ["remove", `${at("edge-fra-01")}?do=remove`, () => reads(dialog(page), /What stands in the way/)],
    ["drain many", `/nodes?do=drain&nodes=${nodes["edge-fra-01"].id},${nodes["edge-ams-01"].id}`, () => reads(dialog(page), /stay/)],
  ];
}

story("forced colours keep every state told, the focus shown and the charts drawn", { settings: SLOW }, async (stage) => {
  const nodes = await cast(stage, await stage.server.api("operator", "on-call"));
  const person = await stage.person({ role: "admin" });
  const { page } = person;
  const wrong = [];
  const look = async (name) => {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ forcedColors: "active", colorScheme });
      await painted(page);
      if (process.env.PITLANE_LOOK) await person.picture(`forced-${name}-${colorScheme}`.replaceAll(" ", "-"));
      wrong.push(...(await told(page)).map((wrong) => `${name}, ${colorScheme}: ${wrong}`));
    }
  };
  for (const [name, path, ready] of places(page, nodes)) {
    await page.goto(path);
    await ready();
    if (name === "cards") {
      await page.getByRole("checkbox", { name: "Select edge-fra-01", exact: true }).click();
      for (const stop of await walk(page, { most: 25 })) if (!stop.ring) wrong.push(`the focus does not show on ${stop.name}`);
    }
    await look(name);
  }
  await page.goto("/nodes");
  await fleet.card(page, "edge-fra-01").waitFor();
  await page.keyboard.press("Control+k");
  await dialog(page).getByRole("option").first().waitFor();
  await look("palette");
  assert.deepEqual(wrong, []);
});

// What a screen of 1440 by 900 has at 200 %, one of 1280 by 1024 at 400 %, and text set by WCAG 1.4.12 on a phone. A sheet that is adopted is no business
// of the page's policy for contents.
const ZOOMS = [["200 %", { width: 720, height: 450 }], ["400 %", { width: 320, height: 256 }], ["set wider", PHONE]];
const setWider = (page, on) =>
  page.evaluate((on) => {
    const wide = new CSSStyleSheet();
    wide.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }");
    document.adoptedStyleSheets = on ? [wide] : [];
  }, on);

story("nothing is lost at 200 and 400 % of zoom, nor with text set wider", { settings: SLOW }, async (stage) => {
  const nodes = await cast(stage, await stage.server.api("operator", "on-call"));
  const person = await stage.person({ role: "admin", zoom: 2 });
  const { page } = person;
  const wrong = [];
  for (const [name, path, ready] of places(page, nodes)) {
    await page.setViewportSize(DESKTOP);
    await page.goto(path);
    await ready();
    for (const [zoom, viewport] of ZOOMS) {
      await page.setViewportSize(viewport);
      await setWider(page, viewport === PHONE);
      if (process.env.PITLANE_LOOK) await person.picture(`zoom-${name}-${zoom}`.replaceAll(/\W+/g, "-"));
      wrong.push(...[...(await wider(page)), ...(await clipped(page))].map((wrong) => `${name}, ${zoom}: ${wrong}`));
      if (!["drain", "activate", "cards"].includes(name) || viewport === PHONE) continue;
      for (const stop of await walk(page, { most: 30 })) if (!stop.seen) wrong.push(`${name}, ${zoom}: hidden: ${stop.name}`);
    }
  }
  assert.deepEqual(wrong, []);
});

story("a table on a phone: every column by its own scroller, with the names beside it; on a wide screen the head stays", { settings: SLOW }, async (stage) => {
  await cast(stage, await stage.server.api("operator", "on-call"));
  const { page } = await stage.person({ viewport: PHONE });
  await page.goto("/nodes?view=table");
  const row = page.getByRole("row", { name: /edge-fra-01/ });
  const name = row.getByRole("link", { name: "edge-fra-01" });
  const seen = async (locator) => {
    const { x, width } = await locator.boundingBox();
    return width > 40 && x >= 0 && x + width <= PHONE.width;
  };
  assert.ok(await seen(name), "the name is on the screen");
  for (const heading of await page.getByRole("columnheader").all()) {
    assert.ok((await heading.boundingBox()).width >= 60, `${await heading.innerText()} has room`);
  }
  const drain = row.getByRole("button", { name: "Drain" });
  assert.equal(await seen(drain), false);
  await drain.focus();
  assert.ok((await seen(drain)) && (await seen(name)), "the last column comes into sight, and the name stays");
  assert.deepEqual(await wider(page), []);
  await setWider(page, true);
  assert.ok(await row.getByRole("rowheader").evaluate((cell) => cell.scrollWidth <= cell.clientWidth), "no name is cut off, set wider either");
  await setWider(page, false);

  // On a wide screen its head stays in sight, below the bar.
  await page.setViewportSize({ width: 1440, height: 520 });
  await page.evaluate(() => scrollTo(0, 400));
  const [bar, head] = await Promise.all([page.getByRole("banner"), page.getByRole("columnheader", { name: "State" })].map((locator) => locator.boundingBox()));
  assert.ok(head.y >= bar.y + bar.height - 1 && head.y < 120, `the bar ends at ${bar.y + bar.height}, and the head begins at ${head.y}`);
  await page.setViewportSize(PHONE);
  await drain.press("Enter");
  await sheet.of(page, "Drain edge-fra-01").waitFor();
});

const wire = await Wire.open();
after(() => wire.close());

story("nothing moves for who wants nothing to move, by the system or by choice", { outage: true, settings: { PITLANE_PUBLIC_URL: wire.url } }, async (stage) => {
  wire.leadsTo(stage.server.port);
  await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person({ url: wire.url });
  const moving = () => page.evaluate(() => document.getAnimations().filter(({ effect }) => effect.getComputedTiming().activeDuration > 50).length);
  const loading = async () => {
    await page.goto("/nodes");
    await page.getByText("Reading the fleet…").waitFor();
  };
  wire.hold();
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await loading();
  assert.ok((await moving()) > 0, "who says nothing sees that something is on its way");
  await page.emulateMedia({ reducedMotion: "reduce" });
  await loading();
  assert.equal(await moving(), 0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  wire.release();
  await fleet.card(page, "edge-fra-01").waitFor();
  await page.keyboard.press("?");
  await dialog(page).getByRole("checkbox", { name: "Let nothing move, whatever the system says" }).check();
  wire.hold();
  await loading();
  assert.equal(await moving(), 0, "the choice is remembered");
  wire.release();
});

story("how close things stand is remembered", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  await fleet.open(page);
  const height = async () => (await fleet.card(page, "edge-fra-01").boundingBox()).height;
  await fleet.card(page, "edge-fra-01").waitFor();
  const comfortable = await height();
  const views = page.getByRole("button", { name: "Views" });
  const compact = page.getByRole("checkbox", { name: "Compact" });
  await views.click();
  await compact.check();
  await until("the card to be lower", async () => (await height()) < comfortable);
  const close = await height();
  await page.reload();
  await fleet.card(page, "edge-fra-01").waitFor();
  assert.equal(await height(), close);
  await views.click();
  assert.equal(await compact.isChecked(), true);
  await compact.uncheck();
  await page.reload();
  await fleet.card(page, "edge-fra-01").waitFor();
  assert.equal(await height(), comfortable);
});

const MANY = { PITLANE_LATE_AFTER: "10m", PITLANE_OFFLINE_AFTER: "20m", PITLANE_HEARTBEAT_RATE_PER_SECOND: "10000" };

story("the printed fleet has all nodes up to its bound, and nothing to press", { settings: MANY }, async (stage) => {
  const nodes = new LargeFleet(stage.server);
  const token = await stage.server.enrolmentToken({ multiUse: true });
  await nodes.grow(60, token);
  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  await reads(page.getByRole("main"), /60 nodes/);
  const cards = page.getByRole("article");
  assert.ok((await cards.count()) < 60, "on the screen stands what is visible");
  // What the browser's own printing brings into the document, noted while it prints.
  await page.evaluate(() => {
    globalThis.printed = 0;
    new MutationObserver(() => (globalThis.printed = Math.max(globalThis.printed, document.querySelectorAll("article").length))).observe(document.body, { childList: true, subtree: true });
  });
  const paper = await page.pdf({ format: "A4" });
  assert.equal(await page.evaluate(() => globalThis.printed), 60, "all of them are printed");
  const sheets = paper.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g).length;
  assert.ok(sheets >= 5, `60 cards stand on ${sheets} sheets of paper`);
  await until("the screen to be as before", async () => (await cards.count()) < 60);

  // The name of a group and the head of a column are pressed on the screen; on paper they are words.
  const buttons = () =>
    page.evaluate(() => {
      const looksLikeOne = (style) => (style.borderTopStyle !== "none" && style.borderTopWidth !== "0px") || !/, 0\)|transparent/.test(style.backgroundColor);
      return [...document.querySelectorAll("button, input, select, textarea, a[download]")]
        .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && looksLikeOne(getComputedStyle(one)))
        .map((one) => one.getAttribute("aria-label") ?? one.textContent.trim());
    });
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  for (const path of ["/nodes", "/nodes?view=table", "/nodes?group=region", `/nodes/${nodes.nodes[0].id}`, "/activity"]) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByText(/node-000/).first().waitFor();
    assert.deepEqual(await buttons(), [], path);
    assert.deepEqual(await wider(page), [], path);
  }

  // More than the bound: so many, and said so.
  await nodes.grow(420, token);
  await page.goto("/nodes");
  await reads(page.getByRole("main"), /420 nodes/);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await until("400 cards", async () => (await cards.count()) === 400);
  await page.getByText("The first 400 of 420 nodes are printed.").waitFor();
  nodes.close();
});
