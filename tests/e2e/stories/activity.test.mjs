// The activity log: narrowed by the address, followed live without moving what is read, paged back, and taken along as a file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { until } from "../../support/wait.mjs";
import { axe, PHONE } from "../support/browser.mjs";
import { reads, says } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const log = (page) => page.getByRole("region", { name: "Activity log" });
const lines = (page) => log(page).getByRole("listitem");

async function opens(page, path = "/activity") {
  await page.goto(path);
  await page.getByRole("heading", { name: "Activity", level: 1 }).waitFor();
}

/** The entries whole, without those that the fixtures' own sign-ins make while the story goes on. */
async function shows(page, patterns, what) {
  await until(what, async () => {
    const texts = await lines(page).allInnerTexts();
    return texts.length === patterns.length && patterns.every((pattern, at) => pattern.test(texts[at].replaceAll(/\s+/g, " ")));
  });
}

story("narrows the log; back, forward and a link lead to the same", {}, async (stage) => {
  const one = await stage.agent({ name: "edge-fra-01" });
  const two = await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api("operator", "ada");
  for (const { id } of [one, two]) {
    await api.drain(id, { allow_last_schedulable: true, reason: `Reboot ${id === one.id ? "one" : "two"}` });
    await until("maintenance", async () => (await api.node(id)).scheduling === "maintenance");
  }
  const { page } = await stage.person();
  await opens(page);
  await until("the log", async () => (await lines(page).count()) > 4);

  await page.getByRole("combobox", { name: "What" }).selectOption({ label: "Drained" });
  await shows(page, [/edge-fra-02 · In maintenance.*“Reboot two”/, /edge-fra-01 · In maintenance.*“Reboot one”/], "both drains");
  assert.match(page.url(), /\/activity\?kind=drained$/);
  const node = page.getByRole("combobox", { name: "Node" });
  // A part of a name that several have, one that no node has, and one that says which.
  await node.fill("FRA");
  await node.press("Enter");
  await reads(log(page), /Several nodes have “FRA” in their names/);
  await node.fill("ams");
  await node.press("Enter");
  await reads(log(page), /Nothing matches/);
  await node.fill("a-01");
  await node.press("Enter");
  await shows(page, [/Reboot one/], "the drain of one node");
  assert.match(page.url(), new RegExp(`node=${one.id}&kind=drained`));
  assert.equal(await node.inputValue(), "edge-fra-01");
  await page.getByRole("textbox", { name: "Who" }).fill("nobody");
  await page.getByRole("textbox", { name: "Who" }).press("Enter");
  await reads(log(page), /Nothing matches/);

  await page.goBack();
  await shows(page, [/Reboot one/], "back to the drain of one node");
  assert.equal(await page.getByRole("textbox", { name: "Who" }).inputValue(), "");
  for (let n = 1; n <= 3; n += 1) await page.goBack();
  await shows(page, [/Reboot two/, /Reboot one/], "back to both drains");
  for (let n = 1; n <= 3; n += 1) await page.goForward();
  await shows(page, [/Reboot one/], "forward again");
  await page.reload();
  await shows(page, [/Reboot one/], "the same after a reload");
  assert.equal(await node.inputValue(), "edge-fra-01");

  // Times: all of it was today, and nothing tomorrow.
  await page.getByRole("button", { name: "Clear filters" }).click();
  await until("everything again", async () => (await lines(page).count()) > 4);
  await page.getByLabel("From").fill("2035-01-01T00:00");
  await page.getByLabel("From").press("Enter");
  await reads(log(page), /Nothing matches/);
  assert.match(page.url(), /since=203[45]-/);

  // From the node's page to its own part of the log, with the kind that was chosen there.
  await page.goto(`/nodes/${two.id}`);
  const panel = page.getByRole("region", { name: "Activity", exact: true });
  await panel.getByRole("combobox", { name: "What" }).selectOption({ label: "Drained" });
  await reads(panel, /Reboot two/);
  await panel.getByRole("link", { name: "Show all" }).click();
  await shows(page, [/Reboot two/], "the node's own drains");
  assert.match(page.url(), new RegExp(`/activity\\?node=${two.id}&kind=drained$`));
});

story("follows the log live without moving what is read, and pages back", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api("operator", "ada");
  const change = async (reason) => {
    const { status, body } = await api.call("PATCH", `/nodes/${agent.id}/maintenance`, { reason }, { "if-match": "*" });
    assert.equal(status, 200, JSON.stringify(body));
  };
  assert.equal((await api.drain(agent.id)).status, 202);
  await until("maintenance", async () => (await api.node(agent.id)).scheduling === "maintenance");
  for (let n = 1; n <= 60; n += 1) await change(`Reason number ${n}`);
  const { page } = await stage.person({ viewport: PHONE, scheme: "dark" });
  await opens(page, "/activity?kind=maintenance_changed");
  await until("the first page", async () => (await lines(page).count()) === 50);
  await says(lines(page).first(), /Reason number 60/);

  // At the top of the page it is followed: what is new stands there by itself, and nothing waits to be asked for.
  const news = log(page).getByRole("button", { name: /new entr/ });
  const newest = (n) => reads(lines(page).first(), new RegExp(`Reason number ${n}\\b`));
  await change("Reason number 61");
  await newest(61);
  assert.equal(await news.count(), 0);

  // Who scrolled down reads: nothing moves, and what is new waits.
  await page.mouse.move(200, 600);
  await page.mouse.wheel(0, 240);
  await reads(log(page), /held while you read/);
  const before = await lines(page).nth(3).boundingBox();
  await change("Reason number 62");
  await change("Reason number 63");
  await log(page).getByRole("button", { name: "2 new entries — show" }).waitFor();
  await says(lines(page).first(), /Reason number 61/);
  assert.deepEqual(await lines(page).nth(3).boundingBox(), before, "nothing moved");
  await news.click();
  await newest(63);
  await change("Reason number 64");
  await log(page).getByRole("button", { name: "1 new entry — show" }).waitFor();

  // Back at the top it is followed again, until it is paused.
  await page.mouse.wheel(0, -2_000);
  await newest(64);
  await reads(log(page), /Newest first · live/);
  await log(page).getByRole("button", { name: "Pause" }).click();
  await page.evaluate(() => scrollTo(0, 0));
  await change("Reason number 65");
  await log(page).getByRole("button", { name: "1 new entry — show" }).waitFor();
  await says(lines(page).first(), /Reason number 64/);
  await log(page).getByRole("button", { name: "Follow" }).click();
  await page.evaluate(() => scrollTo(0, 0));
  await newest(65);
  assert.equal(await news.count(), 0);
  assert.equal(await lines(page).count(), 55);

  await log(page).getByRole("button", { name: "Older entries" }).click();
  await until("the older ones", async () => (await lines(page).count()) === 65);
  await says(lines(page).last(), /Reason number 1\b/);
  assert.equal(await log(page).getByRole("button", { name: "Older entries" }).count(), 0);
  assert.deepEqual(await axe(page), []);
});

story("takes the narrowed log along as CSV and JSON lines", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api("operator", "ada");
  await api.drain(agent.id, { reason: "=Reboot, \"quoted\"" });
  await until("maintenance", async () => (await api.node(agent.id)).scheduling === "maintenance");
  const { page } = await stage.person();
  await opens(page, `/activity?node=${agent.id}&kind=drained`);
  await reads(log(page), /Reboot/);
  const file = async (name) => {
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name }).click();
    const saved = await download;
    return [saved.suggestedFilename(), readFileSync(await saved.path(), "utf8")];
  };
  const [csv, table] = await file("Export CSV");
  assert.equal(csv, "pitlane-activity.csv");
  assert.equal(table.trim().split("\r\n").length, 2, "a head and one entry");
  assert.match(table, /,edge-fra-01,.*,"'=Reboot, ""quoted"""/);
  const [jsonl, text] = await file("Export JSON lines");
  assert.equal(jsonl, "pitlane-activity.jsonl");
  assert.deepEqual(text.trim().split("\n").map((line) => JSON.parse(line).kind), ["drained"]);
});
