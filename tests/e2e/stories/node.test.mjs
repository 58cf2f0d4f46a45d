// A node's page: its day in charts, what is on it, what is handed to who is to help, the way through an upgrade, and out of the fleet.
import assert from "node:assert/strict";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { axe, PHONE } from "../support/browser.mjs";
import { fleet, reads, says, sheet, textOf } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const panel = (page, name) => page.getByRole("region", { name, exact: true });

async function opens(page, agent) {
  await page.goto(`/nodes/${agent.id}`);
  await page.getByRole("heading", { name: agent.name, level: 1 }).waitFor();
}

story("a node's day: charts by pointer, by key and as a table, from real beats", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  agent.resources.cpu_percent = 83;
  const api = await stage.server.api();
  await until("beats to be counted", async () => {
    const last = (await api.get(`/nodes/${agent.id}/samples`)).samples.at(-1);
    return last.cpu_percent === 83 && last.signals.Docker === "ok" && last.expected > 0;
  });
  const { page } = await stage.person();
  await opens(page, agent);
  const day = panel(page, "Last 24 hours");
  await says(day, /Heartbeats/, /CPU/, /Memory/, /Disk/, /Docker/, /Caddy/);
  // For those who do not see the pictures: what the day was like, and how much of it is known, which is seconds of the five minutes.
  await reads(day, /CPU ?: (\d+%|83%) to 83%, known for \d+ s/);

  // By keys: the newest slot was watched, an hour ago nobody did, and that is not a zero.
  const time = day.getByRole("slider", { name: "Time of the charts" });
  await time.press("End");
  await until("the newest slot to be told", async () => /Heartbeats \d+ of \d+, CPU 83%, .*Caddy good, Docker good/.test(await time.getAttribute("aria-valuetext")));
  await time.press("Home");
  await until("a gap to be told as one", async () => /Heartbeats not watched, CPU not watched/.test(await time.getAttribute("aria-valuetext")));

  await day.getByText("As a table").click();
  const table = day.getByRole("region", { name: "Table of the last 24 hours" });
  await says(table, /From Heartbeats CPU Memory Disk Caddy Docker Health Maintenance/, /\d+ of \d+ 83% 56% 59% good good Healthy no/, /not watched/);

  await api.drain(agent.id, { reason: "Kernel 6.12 reboot", allow_last_schedulable: true });
  await until("maintenance to be kept", async () => (await api.get(`/nodes/${agent.id}/samples`)).samples.at(-1).maintenance);
  await page.reload();
  await reads(day, /Striped: in maintenance/);
  assert.deepEqual(await axe(page), []);
});

story("finds one of many workloads", {}, async (stage) => {
  const many = Array.from({ length: 1000 }, (_, n) => container({ project: `team-${n % 4}`, service: `web-${n}` }));
  const agent = await stage.agent({ name: "edge-fra-01", containers: [...many, container({ service: "db", volumes: ["pgdata"] })] });
  const { page } = await stage.person();
  await opens(page, agent);
  const workloads = panel(page, "Workloads");
  await reads(workloads, /Workloads 1,001/);
  const rows = workloads.getByRole("row");
  assert.equal(await rows.count(), 101, "a head and the first hundred");
  await says(rows.nth(1), /db/, /Stateful/, /pgdata/);
  await workloads.getByRole("button", { name: "Show 100 more" }).click();
  await until("a hundred more", async () => (await rows.count()) === 201);

  await workloads.getByRole("searchbox", { name: "Find" }).fill("web-77");
  await reads(workloads, /11 of 1,001/);
  await workloads.getByRole("combobox", { name: "Stack or namespace" }).selectOption("team-1");
  await reads(workloads, /3 of 1,001/);
  await workloads.getByRole("searchbox", { name: "Find" }).fill("");
  await workloads.getByRole("combobox", { name: "Stack or namespace" }).selectOption("");
  await workloads.getByRole("checkbox", { name: "Stateful only" }).check();
  await until("the stateful one alone", async () => (await rows.count()) === 2);
  await workloads.getByRole("searchbox", { name: "Find" }).fill("no such thing");
  await reads(workloads, /Nothing matches/);

  // All of it stands in the address: a link shows the same, and back and forward pass through the choices, not through the letters.
  await page.goto(`/nodes/${agent.id}?q=web-77`);
  await reads(workloads, /11 of 1,001/);
  assert.equal(await workloads.getByRole("searchbox", { name: "Find" }).inputValue(), "web-77");
  await workloads.getByRole("combobox", { name: "Stack or namespace" }).selectOption("team-1");
  await reads(workloads, /3 of 1,001/);
  await workloads.getByRole("searchbox", { name: "Find" }).fill("web-7");
  await reads(workloads, /27 of 1,001/);
  await workloads.getByRole("checkbox", { name: "Stateful only" }).check();
  await reads(workloads, /Nothing matches/);
  const address = () => new URL(page.url()).search;
  assert.equal(address(), "?q=web-7&stack=team-1&stateful=yes");
  await page.goBack();
  await reads(workloads, /27 of 1,001/);
  assert.equal(address(), "?q=web-7&stack=team-1");
  assert.equal(await workloads.getByRole("checkbox", { name: "Stateful only" }).isChecked(), false);
  await page.goBack();
  await reads(workloads, /11 of 1,001/);
  assert.equal(address(), "?q=web-77");
  assert.equal(await workloads.getByRole("combobox", { name: "Stack or namespace" }).inputValue(), "");
  await page.goForward();
  await reads(workloads, /27 of 1,001/);
  assert.equal(await workloads.getByRole("combobox", { name: "Stack or namespace" }).inputValue(), "team-1");
  assert.equal(await workloads.getByRole("searchbox", { name: "Find" }).inputValue(), "web-7");
  // A sheet over the page takes nothing of it away.
  await page.getByRole("button", { name: /^Drain/ }).first().click();
  await sheet.of(page, "Drain edge-fra-01").waitFor();
  await page.keyboard.press("Escape");
  await until("the address without the sheet", () => address() === "?q=web-7&stack=team-1");
  await reads(workloads, /27 of 1,001/);
});

story("shows diagnostics before they are copied, without what people wrote unless it is chosen", {}, async (stage) => {
  const labels = { owner: "ada's team", os: "Debian 12" };
  const agent = await stage.agent({ name: "edge-fra-01", labels, containers: [container({ service: "db", volumes: ["pgdata"] })] });
  await stage.agent({ name: "edge-fra-02" });
  agent.caddy = { state: "bad", expected: true, detail: "connection refused, Authorization: Basic YWRhOmh1bnRlcjI=" };
  const token = await stage.server.token("operator", "ada@example.org");
  const { page } = await stage.person({ name: "ada@example.org" });
  const api = await stage.server.api("operator", "ada@example.org");
  await api.drain(agent.id, { reason: `Kernel reboot, the token is ${token}, ask ada@example.org` });
  await until("maintenance", async () => (await api.node(agent.id)).scheduling === "maintenance");
  await until("the drain to be in the log", async () => (await api.activity()).some(({ kind }) => kind === "drained"));
  await opens(page, agent);

  // By keyboard alone: open, read, choose, copy, close, and back where one was.
  const show = panel(page, "Diagnostics").getByRole("button", { name: "Show diagnostics…" });
  await show.press("Enter");
  const dialog = sheet.of(page, "Diagnostics of edge-fra-01");
  const shown = dialog.getByRole("textbox", { name: "Text of the diagnostics" });
  const text = () => shown.inputValue();
  await until("the text to be shown", async () => /Pitlane diagnostics of edge-fra-01/.test(await text()));
  const plain = await text();
  for (const said of [/Agent +0\.1\.0/, /Caddy: bad, since .* connection refused/, /Scheduling +maintenance/, /Stateful, running +1/, /beat every 1 s/, /everything was read/, /drained by system/, /os=Debian 12/, /owner=\[left out\]/, /Reason +\[left out\]/, /reasons +3\n/, /include=reasons,labels/]) {
    assert.match(plain, said);
  }
  for (const secret of [token, agent.token, "ada", "Kernel reboot", "YWRh", "127.0.0.1"]) assert.ok(!plain.includes(secret), `${secret} is in it`);
  assert.deepEqual(await axe(page), []);
  await dialog.getByRole("button", { name: "Copy diagnostics" }).press("Enter");
  await until("what is shown to be copied", async () => (await page.evaluate(() => navigator.clipboard.readText())) === plain);

  // What is chosen is shown first, and still without what has the form of a secret.
  await dialog.getByRole("checkbox", { name: "Reasons" }).press("Space");
  await until("the reason to be shown", async () => /Kernel reboot/.test(await text()));
  for (const secret of [token, "ada@example.org"]) assert.ok(!(await text()).includes(secret), `${secret} is in it`);
  assert.match(await text(), /owner=\[left out\]/);
  await dialog.getByRole("checkbox", { name: "Values of labels" }).check();
  await until("the label to be shown", async () => /owner=ada's team/.test(await text()));
  const download = page.waitForEvent("download");
  await dialog.getByRole("link", { name: "Download" }).click();
  assert.equal((await download).suggestedFilename(), "pitlane-edge-fra-01.txt");
  await page.keyboard.press("Escape");
  await until("the focus where it was", () => show.evaluate((button) => button === document.activeElement));

  const command = (...args) => stage.server.command("diagnostics", "edge-fra-01", ...args, "--server", stage.server.url, "--token", token);
  assert.match(await command(), /Pitlane diagnostics of edge-fra-01[^]*Reason +\[left out\]/);
  assert.match(await command("--include", "reasons,labels"), /Reason +Kernel reboot[^]*/);
});

story("removes a node once nothing stands in the way", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: [container({ service: "web" })] });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ role: "admin" });
  await opens(page, agent);
  await page.getByRole("button", { name: "Remove…" }).click();
  const dialog = sheet.of(page, "Remove edge-fra-01");
  const blockers = dialog.getByRole("status", { name: "What stands in the way" });
  await reads(blockers, /it is neither in maintenance nor offline nor pending.*it has 1 workload, 1 running/);

  const api = await stage.server.api();
  await api.drain(agent.id);
  agent.containers = { ...agent.containers, containers: [] };
  await reads(blockers, /Nothing stands in the way/);
  await dialog.getByRole("button", { name: "Remove node" }).click();
  await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
  await until("one card to be left", async () => (await fleet.names(page)).join() === "edge-fra-02");

  // Who may not, sees why.
  const viewer = await stage.person({ role: "viewer" });
  await fleet.open(viewer.page);
  await fleet.card(viewer.page, "edge-fra-02").getByRole("link", { name: "edge-fra-02" }).click();
  const button = viewer.page.getByRole("button", { name: "Remove…" });
  await button.waitFor();
  assert.equal(await button.getAttribute("aria-disabled"), "true");
});

story("a node whose workloads cannot be read is removed with a reason, and never one whose workloads were read", { refusals: [409] }, async (stage) => {
  const dead = await stage.agent({ name: "edge-lon-01" });
  const full = await stage.agent({ name: "edge-lon-02", containers: [container({ service: "web" })] });
  await stage.agent({ name: "edge-fra-01" });
  await Promise.all([dead.stop(), full.stop()]);
  const api = await stage.server.api("admin", "storage");
  for (const { id, name } of [dead, full]) await until(`${name} to be offline`, async () => (await api.node(id)).health === "offline");
  const { page } = await stage.person({ role: "admin", name: "storage" });
  await opens(page, full);
  await page.getByRole("button", { name: "Remove…" }).click();
  const other = sheet.of(page, "Remove edge-lon-02");
  await sheet.submit(other, "Remove node").click();
  await reads(other.getByRole("alert"), /It cannot be removed yet:.*it has 1 workload, 1 running/);
  assert.equal(await sheet.submit(other, "Remove anyway").count(), 0, "no reason helps against what was read");

  await opens(page, dead);
  await page.getByRole("button", { name: "Remove…" }).click();
  const dialog = sheet.of(page, "Remove edge-lon-01");
  await sheet.submit(dialog, "Remove node").click();
  await reads(dialog.getByRole("alert"), /not all of its workloads could be read/);
  await sheet.submit(dialog, "Remove anyway").click();
  await reads(dialog, /at least 3 characters/);
  await until("the field to have the focus", () => page.evaluate(() => document.activeElement.matches("textarea, input")));
  await page.keyboard.type("The host burned down");
  await sheet.submit(dialog, "Remove anyway").click();
  await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
  await until("two cards to be left", async () => (await fleet.names(page)).toSorted().join() === "edge-fra-01,edge-lon-02");
  const removed = (await api.activity()).find(({ kind }) => kind === "node_removed");
  assert.deepEqual([removed.node_name, removed.reason], ["edge-lon-01", "The host burned down"]);
  await page.goto("/activity");
  await reads(page.getByRole("region", { name: "Activity log" }), /could not be read.*“The host burned down”.* by storage/);
});

story("what never beat can be removed at once", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const never = await stage.agent({ name: "edge-mad-01", beat: false });
  const { page } = await stage.person({ role: "admin" });
  await opens(page, never);
  await page.getByRole("button", { name: "Remove…" }).click();
  const dialog = sheet.of(page, "Remove edge-mad-01");
  await reads(dialog.getByRole("status", { name: "What stands in the way" }), /Nothing stands in the way/);
  await sheet.submit(dialog, "Remove node").click();
  await until("one card to be left", async () => (await fleet.names(page)).join() === "edge-fra-01");
});

story("follows an upgrade from behind to back again", { outage: true }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", version: "0.0.9" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ viewport: PHONE, scheme: "dark" });
  await fleet.open(page);
  await page.getByRole("button", { name: /^Update/ }).click();
  await until("the one that is behind", async () => (await fleet.names(page)).join() === "edge-fra-01");
  assert.match(page.url(), /show=update/);
  await fleet.card(page, "edge-fra-01").getByRole("link", { name: "edge-fra-01" }).click();

  const upgrade = panel(page, "Upgrade");
  const step = (words, state) => reads(upgrade.getByRole("listitem").filter({ hasText: words }), new RegExp(`, ${state}`));
  await step("Drain the node", "waiting");
  await step("0.0.9 → 0.1.0", "not yet");
  await upgrade.getByRole("button", { name: "Drain for the upgrade" }).click();
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await sheet.reason(dialog).fill("agent 0.1.0");
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, /In maintenance/);
  await page.keyboard.press("Escape");
  await step("Drained", "done");
  await step("Upgrade it on the host", "waiting");

  // A server that is restarted still knows what the node was like before.
  await stage.server.kill();
  await stage.server.launch();
  agent.identity.agent_version = "0.1.0";
  await step("Upgraded: 0.0.9 → 0.1.0", "done");
  await step("Heartbeat clean", "done");
  await step("Activate it", "waiting");
  assert.deepEqual(await axe(page), []);
  await until("the settle window to be over", async () => (await (await stage.server.api()).get(`/nodes/${agent.id}/activation-checks`)).clean);
  await upgrade.getByRole("button", { name: /^Activate/ }).click();
  await reads(upgrade, /Upgraded, 0\.0\.9 → 0\.1\.0, and back in the scheduler/);
  await textOf(page.getByRole("heading", { level: 1 }));
});
