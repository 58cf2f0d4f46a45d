// Without a mouse, and without seeing: a drain and an activation by keys and by what a screen reader is told; and a focus that is never hidden.
import assert from "node:assert/strict";
import { after } from "node:test";
import { container } from "../../support/agent.mjs";
import { Wire } from "../../support/cut.mjs";
import { until } from "../../support/wait.mjs";
import { focused, painted, walk } from "../support/access.mjs";
import { axe } from "../support/browser.mjs";
import { allOfItHere, fleet, reads, sheet } from "../support/console.mjs";
import { Reader } from "../support/reader.mjs";
import { story } from "../support/story.mjs";

const db = container({ service: "postgres", volumes: ["shop_pgdata"] });
const scheduling = async (api, agent) => (await api.node(agent.id)).scheduling;

story("a drain and an activation by keys alone", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: [db] });
  await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api();
  const { page } = await stage.person({ name: "on-call" });
  const { keyboard } = page;
  await fleet.open(page);
  for (const name of ["edge-fra-01", "edge-fra-02"]) await fleet.card(page, name).waitFor();
  await keyboard.press("ArrowRight");
  await until("the focus on the card", () => fleet.card(page, "edge-fra-01").evaluate((card) => card.contains(document.activeElement)));
  await keyboard.press("d");
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await reads(dialog, /postgres/);
  // Enter in the reason's field sends the form, which says what is missing and leads there.
  const lands = (what) => until(`the focus on ${what}`, async () => (await page.evaluate(() => document.activeElement.labels?.[0]?.textContent ?? "")).startsWith(what));
  const tabTo = async (what) => {
    for (let step = 0; step < 40; step += 1) {
      await keyboard.press("Tab");
      if ((await page.evaluate(() => document.activeElement.labels?.[0]?.textContent ?? "")).startsWith(what)) return;
    }
    assert.fail(`Tab does not lead to ${what}`);
  };
  await tabTo("Reason");
  await keyboard.press("Enter");
  await lands("Reason");
  await keyboard.type("Kernel 6.12 reboot");
  await keyboard.press("Tab");
  await keyboard.press("ArrowDown");
  await tabTo("I understand that");
  await keyboard.press("Space");
  await keyboard.press("Enter");
  await reads(dialog, /In maintenance, confirmed by the engine/);
  assert.equal(await dialog.evaluate((element) => element.contains(document.activeElement)), true, "the focus stays in the sheet");
  await keyboard.press("Enter");
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await scheduling(api, agent), "maintenance");

  await until("clean checks", async () => (await api.get(`/nodes/${agent.id}/activation-checks`)).clean);
  await until("the focus back on the card", () => fleet.card(page, "edge-fra-01").evaluate((card) => card.contains(document.activeElement)));
  await keyboard.press("a");
  await until("the node to be schedulable", async () => (await scheduling(api, agent)) === "schedulable");
});

story("a drain and an activation by what a screen reader is told", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: [db] });
  await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api();
  const person = await stage.person({ name: "on-call" });
  const reader = await Reader.of(person);
  await person.page.goto("/nodes");
  await reader.finds("heading", "edge-fra-02");
  await reader.tabTo("link", "edge-fra-01");
  await reader.tabTo("button", "Drain");
  await reader.press("Enter");

  // The sheet says what it is, and everything a person has to know before.
  await reader.finds("dialog", "Drain edge-fra-01");
  await until("the focus on the title", async () => (await reader.focus()).name === "Drain edge-fra-01");
  await reader.finds("rowheader", /shop \/ postgres/);
  const told = (await reader.everything()).filter(({ role }) => role === "StaticText").map(({ name }) => name).join(" ");
  for (const said of [/Nothing is evacuated/, /shop_pgdata · local/, /1 node left that takes placements/]) assert.match(told, said);

  // What is wrong with a field is told with the field, and the focus is on it.
  await reader.tabTo("button", "Drain node");
  await reader.press("Enter");
  const reason = await until("the focus on the reason", async () => {
    const now = await reader.focus();
    return now.name === "Reason" && now.description && now;
  });
  assert.match(reason.description, /at least 3 characters/);
  assert.equal(reason.invalid, "true");
  await reader.types("Kernel 6.12 reboot");
  await reader.press("Enter");
  await reader.hears(/Confirm that you have seen which stateful workloads stay/);
  const box = await reader.focus();
  assert.match(box.name, /^I understand that 1 stateful workload/, "the focus is where something is to be done");
  await reader.press("Space");
  await until("it to be told as checked", async () => (await reader.focus()).checked === "true");
  await reader.forget();
  await reader.tabTo("button", "Drain node");
  await reader.press("Enter");
  await reader.hears(/In maintenance, confirmed by the engine/);
  const after = await reader.focus();
  assert.deepEqual([after.role, after.name], ["button", "Close"], "the focus is where one goes on");
  await reader.press("Enter");

  // Back on the button, which is another one now.
  await until("the focus on Activate", async () => /^Activate/.test((await reader.focus()).name));
  await until("clean checks", async () => (await api.get(`/nodes/${agent.id}/activation-checks`)).clean);
  await until("it to be told as ready", async () => (await reader.focus()).name === "Activate");
  await reader.forget();
  await reader.press("Enter");
  await reader.hears(/Activation accepted/);
  await reader.hears(/edge-fra-01.*(takes placements|schedulable)/i);
  await until("the focus on Drain", async () => (await reader.focus()).name === "Drain");
});

story("a refused activation, and a link that is made, are told too", { refusals: [409] }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api();
  await api.drain(agent.id);
  agent.docker = { state: "bad", expected: true, detail: "Cannot connect to the Docker daemon" };
  await until("the bad signal, in maintenance", async () => {
    const { health, scheduling } = await api.node(agent.id);
    return health === "degraded" && scheduling === "maintenance";
  });
  const person = await stage.person({ name: "on-call" });
  const reader = await Reader.of(person);
  await person.page.goto(`/nodes/${agent.id}`);
  await reader.finds("heading", "edge-fra-01");
  await reader.tabTo("button", "Activate…");
  await reader.press("Enter");
  await reader.finds("dialog", "Activate edge-fra-01");
  await reader.finds("button", "Activate anyway");
  await reader.tabTo("button", "Activate");
  await reader.press("Enter");
  await reader.hears(/Not activated/);
  await reader.tabTo("button", "Activate anyway");
  await reader.press("Enter");
  const reason = await until("the focus on the reason", async () => {
    const now = await reader.focus();
    return now.name === "Reason for the override" && now.description && now;
  });
  assert.match(reason.description, /at least 3 characters/);
  await reader.types("It is needed now");
  await reader.tabTo("button", "Activate anyway");
  await reader.press("Enter");
  await reader.hears(/Schedulable again, confirmed by the engine/);
  await reader.press("Escape");

  await reader.tabTo("button", "Share status…");
  await reader.press("Enter");
  await reader.finds("dialog", "Share the status of edge-fra-01");
  await reader.tabTo("button", "Make public link");
  await reader.press("Enter");
  await reader.hears(/Public link made/);
  await reader.tabTo("button", "Copy: Public link");
  await reader.press("Enter");
  await reader.hears(/Copied/);
});

story("how many nodes a search leaves is told", {}, async (stage) => {
  for (const name of ["edge-ams-01", "edge-fra-01", "edge-fra-02"]) await stage.agent({ name });
  const person = await stage.person();
  const reader = await Reader.of(person);
  await person.page.goto("/nodes");
  await reader.finds("heading", "edge-fra-02");
  await reader.finds("button", "Views");
  await reader.press("/");
  await reader.types("fra");
  await reader.hears(/^2 results$/);
  await reader.types("-02");
  await reader.hears(/^1 result$/);
  await reader.types("nothing");
  await reader.hears(/^Nothing found$/);
});

const wire = await Wire.open();
after(() => wire.close());

story("a lost connection is told once, not every second", { outage: true, settings: { PITLANE_PUBLIC_URL: wire.url } }, async (stage) => {
  wire.leadsTo(stage.server.port);
  await stage.agent({ name: "edge-fra-01" });
  const person = await stage.person({ url: wire.url });
  const reader = await Reader.of(person);
  await person.page.goto("/nodes");
  await reader.finds("heading", "edge-fra-01");
  await allOfItHere(person.page);
  wire.cut();
  await reader.hears(/connection to Pitlane is lost/);
  const age = async () => Number((await person.page.getByRole("alert").innerText()).match(/(\d+) s old/)[1]);
  const first = await age();
  await until("three seconds to tick away", async () => (await age()) >= first + 3);
  assert.equal((await reader.heard()).filter((said) => /connection to Pitlane is lost/.test(said)).length, 1);
});

story("the focus is never hidden, and always shown", {}, async (stage) => {
  const names = Array.from({ length: 8 }, (_, at) => `edge-fra-0${at + 1}`);
  const made = await Promise.all(names.map((name) => stage.agent({ name, containers: [db] })));
  const { page } = await stage.person({ role: "admin" });
  const [{ id }] = made;
  const chosen = async () => {
    await page.getByRole("checkbox", { name: "Select edge-fra-01", exact: true }).click();
    await page.getByRole("region", { name: "Selection" }).waitFor();
  };
  const ready = async () => {};
  const places = [
    ["fleet", "/nodes", ready],
    ["fleet with a selection", "/nodes", chosen],
    ["table", "/nodes?view=table", chosen],
    ["node", `/nodes/${id}`, ready],
    ["activity", "/activity", ready],
    ...["drain", "share", "remove"].map((what) => [what, `/nodes/${id}?do=${what}`, () => page.getByRole("dialog").getByRole("button").nth(1).waitFor()]),
    ["drain many", `/nodes?do=drain&nodes=${made.map((agent) => agent.id).join(",")}`, () => reads(page.getByRole("dialog"), /stay/)],
  ];
  const wrong = [];
  for (const [shape, viewport] of [["low", { width: 1200, height: 520 }], ["phone", { width: 390, height: 640 }]]) {
    await page.setViewportSize(viewport);
    for (const [name, path, reach] of places) {
      await page.goto(path);
      await page.getByText("edge-fra-01").first().waitFor();
      await reach();
      for (const key of ["Tab", "Shift+Tab"]) {
        const stops = await walk(page, { key });
        assert.ok(stops.length > 2, `${name}: ${key} stops at ${stops.length} places`);
        for (const stop of stops) {
          if (!stop.seen) wrong.push(`${name} (${shape}), ${key}: hidden: ${stop.name}`);
          if (!stop.ring) wrong.push(`${name} (${shape}), ${key}: not shown: ${stop.name}`);
        }
      }
    }
  }
  assert.deepEqual(wrong, []);
});

story("a toast hides nothing that has the focus, wherever it was, nor the bar of what is chosen", {}, async (stage) => {
  const names = Array.from({ length: 8 }, (_, at) => `edge-fra-0${at + 1}`);
  await Promise.all(names.map((name) => stage.agent({ name, containers: [db] })));
  const { page } = await stage.person({ role: "admin" });
  const hidden = [];
  const look = async (where) => {
    const now = await focused(page);
    if (!now?.seen) hidden.push(`${where}: ${now?.name}`);
  };
  const toast = page.getByRole("log", { name: "Notifications" }).getByText(/Link to edge-fra-0\d copied/);
  for (const [shape, viewport] of [["wide", { width: 1200, height: 520 }], ["phone", { width: 390, height: 640 }]]) {
    await page.setViewportSize(viewport);
    await fleet.open(page);
    await page.getByRole("button", { name: "Views" }).waitFor();
    for (const name of names) {
      const link = fleet.card(page, name).getByRole("link", { name, exact: true });
      await link.focus();
      // At the very foot of the screen, where the toast comes.
      await link.evaluate((element) => window.scrollBy(0, element.getBoundingClientRect().bottom - innerHeight + 30));
      await painted(page);
      await page.keyboard.press("s");
      await toast.first().waitFor();
      await painted(page);
      await painted(page);
      await look(`${shape}, ${name}`);
      for (const stop of await walk(page, { most: 6 })) if (!stop.seen) hidden.push(`${shape}, on from ${name}: ${stop.name}`);
    }
    await page.getByRole("checkbox", { name: "Select edge-fra-08", exact: true }).click();
    const bar = page.getByRole("region", { name: "Selection" });
    await bar.waitFor();
    await fleet.card(page, "edge-fra-08").getByRole("link", { name: "edge-fra-08", exact: true }).focus();
    await page.keyboard.press("s");
    await toast.first().waitFor();
    for (const button of await bar.getByRole("button").all()) {
      await button.focus();
      await look(`${shape}, in the bar`);
    }
  }
  assert.deepEqual(hidden, []);
});

story("the menu of languages is opened, said and left by keys, and what it does is said before", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const person = await stage.person();
  const { page } = person;
  await fleet.open(page);
  await fleet.card(page, "edge-fra-01").waitFor();
  await page.keyboard.press("?");
  const settings = page.getByRole("dialog", { name: "Keys and settings" });
  await settings.waitFor();
  const menu = settings.getByRole("combobox", { name: "Language" });
  await until("the focus on the menu", async () => {
    await page.keyboard.press("Tab");
    return menu.evaluate((element) => element === document.activeElement);
  });
  const now = await focused(page);
  assert.deepEqual([now.seen, now.ring], [true, true]);
  const reader = await Reader.of(person);
  assert.match((await reader.focus()).description, /loaded again/, "a change of the whole page does not come as a surprise");
  assert.deepEqual(await menu.getByRole("option").evaluateAll((options) => options.map((option) => [option.lang, option.textContent.trim()])), [["en", "English"], ["ar", "العربية"], ["de", "Deutsch"]]);
  await page.keyboard.press("Alt+ArrowDown");
  assert.deepEqual(await axe(page), []);
  // Left again, nothing has changed, and the sheet is still there.
  await page.keyboard.press("Escape");
  assert.equal(await menu.inputValue(), "en");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await settings.waitFor();
  await until("the menu to have the focus still", () => menu.evaluate((element) => element === document.activeElement));
  await page.keyboard.press("Alt+ArrowDown");
  await page.keyboard.press("d");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Knoten", level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
  // The page was loaded anew, and one is where one was.
  const again = page.getByRole("dialog", { name: "Tastenkürzel und Einstellungen" }).getByRole("combobox", { name: "Sprache" });
  await until("the focus on the menu in the other language", () => again.evaluate((element) => element === document.activeElement));
  assert.deepEqual(await axe(page), []);
});
