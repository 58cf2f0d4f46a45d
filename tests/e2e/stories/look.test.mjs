// How the bar, the table and the head read: on a phone and on a wide screen, by touch, in German.
import assert from "node:assert/strict";
import { until } from "../../support/wait.mjs";
import { DESKTOP, PHONE } from "../support/browser.mjs";
import { wider } from "../support/access.mjs";
import { SLOW } from "../support/cast.mjs";
import { fleet, reads, says } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const NAME = "edge-madrid-rack-07-node-03";
const SETTINGS = { PITLANE_HEARTBEAT_EVERY: "60s", PITLANE_LATE_AFTER: "20m", PITLANE_OFFLINE_AFTER: "30m" };
const speaks = (page, code) => page.addInitScript((code) => localStorage.setItem("pitlane.language", code), code);

story("the table gives its room to the names, and what is pressed fits its cell", { settings: SLOW }, async (stage) => {
  const api = await stage.server.api("operator", "on-call");
  const agent = await stage.agent({ name: NAME });
  await stage.agent({ name: "edge-fra-02" });
  const is = (what, state) => until(`it to be ${state}`, async () => (await api.node(agent.id))[what] === state);
  await is("health", "healthy");
  assert.equal((await api.drain(agent.id, { allow_last_schedulable: true })).status, 202);
  await is("scheduling", "maintenance");
  agent.docker = { state: "bad", expected: true, detail: "does not answer" };
  await is("health", "degraded");
  for (const language of ["en", "de"]) {
    const person = await stage.person();
    const { page } = person;
    await speaks(page, language);
    await page.goto("/nodes?view=table");
    const row = page.getByRole("row", { name: new RegExp(NAME) });
    const name = row.getByRole("link", { name: NAME });
    await name.waitFor();
    assert.ok(await name.evaluate((link) => link.scrollWidth <= link.clientWidth + 1), `${language}: the name is cut`);
    const fits = (locator) => locator.evaluate((inner) => [inner.getBoundingClientRect(), inner.closest("td").getBoundingClientRect()].map(({ left, right }) => [left, right])).then(([inner, cell]) => inner[0] >= cell[0] && inner[1] <= cell[1]);
    assert.ok(await fits(row.getByRole("button", { name: /^(Activate|Aktivieren)/ })), `${language}: the button leaves its cell`);
    for (const badge of [/^(Maintenance|Wartung)$/, /^(Degraded|Beeinträchtigt)$/]) assert.ok(await fits(row.getByText(badge).first()), `${language}: ${badge} is cut`);
    if (process.env.PITLANE_LOOK) await person.picture(`table-${language}`);
    await page.setViewportSize(PHONE);
    const [box, said] = await Promise.all([row.getByRole("checkbox"), name].map((locator) => locator.boundingBox()));
    assert.ok(said.x >= box.x + box.width, `${language}: on a phone the name runs under its box`);
    if (process.env.PITLANE_LOOK) await person.picture(`table-${language}-phone`);
    assert.deepEqual(await wider(page), []);
  }
});

story("the bar keeps the fleet's name on a phone, in two rows, and has the palette for who has no keys", { settings: { ...SETTINGS, PITLANE_PRODUCTION: "true" } }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  for (const [language, viewport] of [["en", PHONE], ["de", { width: 320, height: 640 }], ["ar", PHONE], ["en", { width: 768, height: 1024 }], ["en", DESKTOP]]) {
    const person = await stage.person({ viewport, scheme: language === "de" ? "dark" : "light" });
    const { page } = person;
    await speaks(page, language);
    await page.goto("/nodes");
    await fleet.card(page, "edge-fra-01").waitFor();
    const bar = page.getByRole("banner");
    const at = `${language}, ${viewport.width} wide`;
    const { height } = await bar.boundingBox();
    assert.ok(height <= 106, `${at}: the bar is ${height} pixels high`);
    await bar.getByTitle("test-eu").waitFor();
    assert.ok((await bar.getByTitle("test-eu").boundingBox()).width > 24, `${at}: the fleet's name has room`);
    const mark = bar.getByText({ en: "production", de: "Produktion", ar: "إنتاج" }[language], { exact: true });
    assert.ok(await mark.evaluate((one) => one.scrollWidth <= one.clientWidth), `${at}: the mark of production is cut`);
    assert.deepEqual(await wider(page), [], at);
    if (process.env.PITLANE_LOOK) await person.picture(`bar-${language}-${viewport.width}`);
    await bar.getByRole("button", { name: { en: "Command palette", de: "Befehlspalette", ar: /./ }[language] }).first().click();
    if (language === "en") await page.getByRole("dialog", { name: "Command palette" }).getByRole("option").first().waitFor();
  }
});

story("the head counts what a search finds; a label called role is told apart; back leads to the columns before", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01", labels: { role: "edge" } });
  await stage.agent({ name: "edge-fra-02", labels: { role: "core" } });
  await stage.agent({ name: "edge-ams-01", region: "eu-west" });
  const { page } = await stage.person();
  await page.goto("/nodes?view=table");
  const main = page.getByRole("main");
  await reads(main, /3 nodes · 3 take placements/);
  await page.keyboard.press("/");
  await page.keyboard.type("fra");
  await reads(main, /2 of 3 nodes/);
  await page.getByRole("searchbox", { name: "Search nodes" }).fill("");
  await reads(main, /3 nodes · 3 take placements/);

  await page.getByRole("combobox", { name: "Group" }).focus();
  const group = page.getByRole("combobox", { name: "Group" });
  await until("the labels", async () => /label role/.test(await group.innerText()));
  const options = (await group.innerText()).split("\n").map((option) => option.trim());
  assert.equal(new Set(options).size, options.length, `${options}`);

  await page.getByRole("columnheader", { name: "Region" }).waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("checkbox", { name: "Region" }).uncheck();
  await until("a table without regions", async () => (await page.getByRole("columnheader", { name: "Region" }).count()) === 0);
  await page.goBack();
  await page.getByRole("columnheader", { name: "Region" }).waitFor();
  assert.match(page.url(), /view=table/);
});

story("a node that was never heard has both signals, unknown, in the language of the page", { settings: SETTINGS }, async (stage) => {
  await stage.agent({ name: "edge-mad-01", beat: false });
  const { page } = await stage.person();
  await speaks(page, "de");
  await page.goto("/nodes");
  const card = fleet.card(page, "edge-mad-01");
  await says(card, /Docker/, /Caddy/, /Agent —/);
  await card.getByTitle("Docker: nicht bekannt").waitFor();
  await page.getByText("Eingebaute Engine").waitFor();
});
