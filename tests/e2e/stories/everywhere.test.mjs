// What holds on every page: axe finds nothing in either theme, on a wide screen and on a phone; and the keyboard is enough.
import assert from "node:assert/strict";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { axe, DESKTOP, PHONE } from "../support/browser.mjs";
import { fleet, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

/** Every state that a card can show, but for "failed", which the embedded engine does not have. */
async function livelyFleet(stage) {
  const stateful = [container({ service: "db", volumes: ["pgdata"] }), container({ service: "web" })];
  const nodes = {};
  for (const name of ["edge-fra-01", "edge-fra-02", "edge-ams-01", "edge-ams-02", "edge-lon-01"]) nodes[name] = await stage.agent({ name, containers: stateful });
  nodes["edge-ams-01"].resources.disks[0].used_bytes = Math.round(nodes["edge-ams-01"].resources.disks[0].total_bytes * 0.93);
  await stage.agent({ name: "edge-mad-01", beat: false });
  const api = await stage.server.api();
  await api.drain(nodes["edge-fra-02"].id, { expected_back_at: new Date(Date.now() + 3_600_000).toISOString() });
  await api.drain(nodes["edge-ams-02"].id);
  nodes["edge-ams-02"].docker = { state: "bad", expected: true, detail: "Cannot connect to the Docker daemon" };
  await nodes["edge-lon-01"].stop();
  const health = (name, expected) => until(`${name} to be ${expected}`, async () => (await api.node(nodes[name].id)).health === expected);
  await health("edge-lon-01", "offline");
  await health("edge-ams-02", "degraded");
  return nodes;
}

for (const scheme of ["light", "dark"]) {
  for (const [shape, viewport] of [["wide", DESKTOP], ["phone", PHONE]]) {
    story(`axe finds nothing on any page: ${scheme}, ${shape}`, { refusals: [401, 404] }, async (stage) => {
      const nodes = await livelyFleet(stage);
      const person = await stage.person({ scheme, viewport });
      const { page } = person;
      const pages = [
        ["fleet", "/nodes", () => fleet.card(page, "edge-fra-02").waitFor()],
        ["nothing found", "/nodes?q=nothing-like-this", () => page.getByRole("heading", { name: "No node matches" }).waitFor()],
        ["drain sheet", `/nodes?do=drain&node=${nodes["edge-fra-01"].id}`, () => sheet.reason(page.getByRole("dialog")).waitFor()],
        ["node", `/nodes/${nodes["edge-fra-02"].id}`, () => page.getByRole("heading", { name: "edge-fra-02", level: 1 }).waitFor()],
        ["activate sheet", `/nodes/${nodes["edge-ams-02"].id}?do=activate`, () => page.getByRole("dialog").getByText("Heartbeat fresh").waitFor()],
        ["activity", "/activity", () => page.getByText("Kernel 6.12 reboot").first().waitFor()],
        ["not found", "/nowhere", () => page.getByRole("heading", { level: 1 }).waitFor()],
      ];
      const found = [];
      for (const [name, path, ready] of pages) {
        await page.goto(path);
        await ready();
        found.push(...(await problems(person, name, `${scheme}-${shape}`)));
      }
      const stranger = await stage.person({ role: null, scheme, viewport });
      await stranger.page.goto("/sign-in");
      await stranger.page.getByRole("button", { name: "Sign in" }).waitFor();
      found.push(...(await problems(stranger, "sign-in", `${scheme}-${shape}`)));
      assert.deepEqual(found, []);
    });
  }
}

async function problems(person, name, look) {
  await person.picture(`${name.replaceAll(/\W+/g, "-")}-${look}`);
  const found = (await axe(person.page)).map((violation) => `${name}: ${violation}`);
  const overflow = await person.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (overflow > 0) found.push(`${name}: the page is ${overflow} px wider than the screen`);
  return found;
}

story("keys lead everywhere", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person();
  await fleet.open(page);
  // Keys are for what is on the screen: nobody presses one on a card that is not painted yet.
  await fleet.card(page, "edge-fra-02").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await until("the second card to have the focus", () => fleet.card(page, "edge-fra-02").evaluate((card) => card.contains(document.activeElement)));
  await page.keyboard.press("d");
  await sheet.of(page, "Drain edge-fra-02").waitFor();
  await page.keyboard.press("Escape");
  await sheet.of(page, "Drain edge-fra-02").waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.getByRole("heading", { name: "Activity", level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
});

story("the keyboard is enough to drain and to come back to where one was", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person();
  await fleet.open(page);
  await fleet.drain(page, "edge-fra-01").focus();
  await page.keyboard.press("Enter");
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await dialog.waitFor();
  await until("focus inside of the sheet", () => dialog.evaluate((element) => element.contains(document.activeElement)));
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await until("focus back on the button", () => fleet.drain(page, "edge-fra-01").evaluate((button) => button === document.activeElement));
});
