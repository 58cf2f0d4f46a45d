// A drain that begins later: planned, shown to everybody, changed, cancelled, begun by itself, refused; and the link that asks for one.
import assert from "node:assert/strict";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { axe, PHONE } from "../support/browser.mjs";
import { fleet, reads, says, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const db = container({ service: "postgres", volumes: ["shop_pgdata"] });

/** The value of a time field: local, to the minute. */
const field = (at) => {
  const two = (n) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
};

/** Plans over the API, seconds ahead; the console's field knows whole minutes only. */
async function plan(api, id, seconds, request = {}) {
  const preview = await api.get(`/nodes/${id}/drain-preview`);
  const body = {
    reason: "Kernel 6.12 reboot",
    starts_at: new Date(Date.now() + seconds * 1_000).toISOString(),
    seen_stateful: preview.stateful.map((workload) => workload.identity),
    ...request,
  };
  const { status, body: answer } = await api.call("POST", `/nodes/${id}/planned-drain`, body, { "if-match": "*" });
  assert.equal(status, 201, JSON.stringify(answer));
  return answer.data;
}

const banner = (page) => page.getByRole("region", { name: "Planned drain" });

story("plans a drain, changes it and cancels it, and everybody sees it", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: [db] });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ name: "on-call" });
  const other = await stage.person({ name: "storage", viewport: PHONE });
  await fleet.open(other.page);
  await fleet.open(page);
  await fleet.drain(page, "edge-fra-01").click();
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await dialog.getByRole("combobox", { name: "Begins" }).selectOption({ label: "later" });
  await reads(dialog, /Time zone: \w+/);
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await sheet.understood(dialog).check();
  const at = dialog.getByLabel("Begins at");
  await at.fill(field(new Date(Date.now() - 3_600_000)));
  await sheet.submit(dialog, "Plan drain").click();
  await reads(dialog, /must lie ahead/);
  await at.fill(field(new Date(Date.now() + 3 * 3_600_000 + 60_000)));
  assert.deepEqual(await axe(page), []);
  await sheet.submit(dialog, "Plan drain").click();
  await dialog.waitFor({ state: "hidden" });

  for (const who of [page, other.page]) {
    await reads(fleet.card(who, "edge-fra-01"), /Drain planned in 3 h.* · on-call · “Kernel 6\.12 reboot”/);
  }
  await reads(page.getByRole("button", { name: /^Planned/ }), /Planned 1/);
  assert.deepEqual(await axe(other.page), []);
  assert.equal((await (await stage.server.api()).node(agent.id)).scheduling, "schedulable");

  await page.goto("/activity");
  await reads(page.getByRole("region", { name: "Planned", exact: true }), /edge-fra-01 Drain planned in 3 h/);
  assert.deepEqual(await axe(page), []);

  await other.page.goto(`/nodes/${agent.id}`);
  await says(banner(other.page), /Drain planned in 3 h/, /Kernel 6\.12 reboot/, /Every guard is asked again then/);
  assert.deepEqual(await axe(other.page), []);
  await banner(other.page).getByRole("button", { name: "Change plan…" }).click();
  const change = sheet.of(other.page, "Change the planned drain of edge-fra-01");
  await sheet.reason(change).fill("BIOS update");
  await sheet.understood(change).check();
  await sheet.submit(change, "Save plan").click();
  await change.waitFor({ state: "hidden" });
  await reads(banner(other.page), /storage · “BIOS update”/);
  await banner(other.page).getByRole("button", { name: "Cancel plan" }).click();
  await banner(other.page).waitFor({ state: "detached" });
  const kinds = (await (await stage.server.api()).activity(`node=${agent.id}`)).map(({ kind }) => kind);
  assert.deepEqual(kinds.filter((kind) => kind.includes("plan")).slice(0, 3), ["plan_cancelled", "plan_changed", "drain_planned"]);
});

story("a planned drain begins by itself, also where the server was killed meanwhile", { outage: true }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api();
  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  await plan(api, agent.id, 4);
  await reads(fleet.card(page, "edge-fra-01"), /Drain planned in \d s/);
  await stage.server.kill();
  await stage.server.launch();
  await until("the planned drain to be done", async () => (await api.node(agent.id)).scheduling === "maintenance", { timeout: 30_000 });
  await reads(fleet.card(page, "edge-fra-01"), /In maintenance/, { timeout: 20_000 });
  const entries = await api.activity(`node=${agent.id}`);
  for (const kind of ["drain_planned", "plan_started", "drained"]) assert.equal(entries.filter((entry) => entry.kind === kind).length, 1, kind);
});

story("a plan that is refused drains nothing and says what to do", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-02" });
  await stage.agent({ name: "edge-fra-01" });
  const api = await stage.server.api();
  const { page } = await stage.person({ name: "on-call" });
  await plan(api, agent.id, 2);
  agent.containers = { ...agent.containers, containers: [db] };
  await page.goto(`/nodes/${agent.id}`);
  await says(banner(page), /Drain planned|Planned drain/);
  await reads(banner(page), /Planned drain refused, nothing was drained What stays on this node has changed: 1 stateful workload you have not seen/);
  assert.deepEqual(await axe(page), []);
  assert.equal((await api.node(agent.id)).scheduling, "schedulable");
  // Somebody has to look: it stands at the front, and the table says why.
  await page.goto("/nodes?view=table");
  await reads(page.getByRole("row").filter({ has: page.getByRole("link") }), /^edge-fra-02 .*planned drain refused/);
  await page.goto(`/nodes/${agent.id}`);
  await banner(page).getByRole("button", { name: "Plan anew…" }).click();
  const dialog = sheet.of(page, "Change the planned drain of edge-fra-02");
  await reads(dialog.getByRole("row").filter({ hasText: "postgres" }), /shop_pgdata/);
  await sheet.understood(dialog).check();
  await sheet.submit(dialog, "Save plan").click();
  await dialog.waitFor({ state: "hidden" });
  await reads(banner(page), /Drain planned in/);
  await fleet.open(page);
  await reads(fleet.card(page, "edge-fra-02"), /Drain planned in/);
});

story("a link asks for a drain with its reason, as text and nothing else", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ name: "on-call" });
  const reason = "Please: <img src=x onerror=alert(1)> & reboot";
  await page.goto(`/nodes/${agent.id}?do=drain&reason=${encodeURIComponent(reason)}&back=120`);
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await dialog.getByRole("button", { name: "Copy link with this reason" }).waitFor();
  assert.equal(await sheet.reason(dialog).inputValue(), reason);
  assert.equal(await dialog.getByRole("combobox", { name: "Expected back" }).inputValue(), "120");
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, /In maintenance, confirmed by the engine/);
  const node = await (await stage.server.api()).node(agent.id);
  assert.equal(node.maintenance.reason, reason);
  assert.ok(Math.abs(Date.parse(node.maintenance.expected_back_at) - Date.now() - 7_200_000) < 60_000);
});

story("a node that is not back in time is marked on card, chip and activity, once", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api();
  const { page } = await stage.person({ name: "on-call" });
  await api.drain(agent.id, { expected_back_at: new Date(Date.now() + 2_500).toISOString() });
  await fleet.open(page);
  await reads(fleet.card(page, "edge-fra-01"), /overdue \d/);
  await page.goto("/activity");
  const log = page.getByRole("region", { name: "Activity log" });
  await reads(log, /Overdue since \d+:\d\d( [AP]M)?: the node was expected back then\. “Kernel 6\.12 reboot”/);
  const since = log.getByRole("listitem").filter({ hasText: "Overdue since" }).getByRole("time").last();
  assert.match(await since.getAttribute("title"), /\d{4}.* \d+:\d\d:\d\d/, "exactly, for who asks");
  await fleet.open(page);
  await reads(page.getByRole("button", { name: /^Overdue/ }), /Overdue 1/);
  assert.equal((await api.activity(`node=${agent.id}`)).filter(({ kind }) => kind === "overdue").length, 1);
});
