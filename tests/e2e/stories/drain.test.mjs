// Draining: what the person sees before, what is refused, and what the scheduler does afterwards.
import assert from "node:assert/strict";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { fleet, reads, says, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const db = container({ service: "postgres", networkVolumes: ["shop_pgdata"] });
const mail = container({ project: "mail", service: "dovecot", volumes: ["mail_spool"] });
const web = container({ service: "web" });
const CONFIRMED = /In maintenance, confirmed by the engine/;

story("drains a node after having seen what stays", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: [db, mail, web] });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  await fleet.drain(page, "edge-fra-01").click();

  const dialog = sheet.of(page, "Drain edge-fra-01");
  await reads(dialog, /No new placements\./);
  await says(dialog, /test-eu/, /Nothing is evacuated\. All 3 running workloads stay where they are\./);
  const rows = dialog.getByRole("row");
  await says(rows.filter({ hasText: "postgres" }), /shop \/ postgres/, /shop_pgdata/, /network/);
  await says(rows.filter({ hasText: "dovecot" }), /mail \/ dovecot/, /mail_spool/, /local/);
  assert.equal(await rows.filter({ hasText: "web" }).count(), 0, "a stateless workload is not in the list of what holds data");
  await says(dialog, /1 node left that takes placements/, /memory free/);
  assert.match(page.url(), /do=drain/);

  // Neither the reason nor the acknowledgement can be left out.
  const submit = sheet.submit(dialog, "Drain node");
  await submit.click();
  await reads(dialog, /at least 3 characters/);
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await submit.click();
  await reads(dialog, /Confirm that you have seen which stateful workloads stay/);
  await sheet.understood(dialog).check();
  await dialog.getByRole("combobox", { name: "Expected back" }).selectOption({ label: "in 2 hours" });
  await submit.click();
  await reads(dialog, CONFIRMED);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });

  const card = fleet.card(page, "edge-fra-01");
  await reads(card, /Maintenance/);
  await says(card, /on-call/, /“Kernel 6\.12 reboot”/, /2 stateful workloads still running here\. Maintenance does not move them\./);
  const api = await stage.server.api();
  const node = await api.node(agent.id);
  assert.equal(node.maintenance.reason, "Kernel 6.12 reboot");
  assert.equal(node.maintenance.by, "on-call");
  assert.ok(Math.abs(Date.parse(node.maintenance.expected_back_at) - Date.now() - 7_200_000) < 60_000);
  assert.equal(node.workload_counts.total, 3, "nothing was moved");
});

story("a placement never goes to a drained node", {}, async (stage) => {
  const first = await stage.agent({ name: "edge-fra-01" });
  const second = await stage.agent({ name: "edge-fra-02" });
  second.resources.memory_used_bytes = Math.round(second.resources.memory_total_bytes * 0.9);
  second.resources.cpu_percent = 80;
  const api = await stage.server.api();
  await until("the second node's load to be known", async () => (await api.node(second.id)).resources.cpu_percent === 80);
  const place = (request = {}) => api.call("POST", "/placements", { strategy: "least_loaded", ...request });
  const chosen = async () => {
    const { status, body } = await place();
    assert.equal(status, 200, JSON.stringify(body));
    return body.data.node_id;
  };

  assert.equal(await chosen(), first.id, "before: the idler node");
  assert.equal((await api.drain(first.id)).status, 202);
  const answers = [];
  await until("the drain to be completed", async () => {
    answers.push(await chosen());
    return (await api.node(first.id)).scheduling === "maintenance";
  });
  assert.ok(!answers.includes(first.id), "during: not from the moment the drain was accepted");
  assert.equal(await chosen(), second.id, "after");
  const pinned = await place({ strategy: "pinned", node_id: first.id });
  assert.deepEqual([pinned.status, pinned.body.error.code], [409, "placement_blocked"]);
  assert.equal((await api.activate(first.id, "back early")).status, 202);
  await until("the node to take placements again", async () => (await chosen()) === first.id);
});

story("what stays changed between the look and the click", { refusals: [409] }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: [mail] });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person();
  await fleet.open(page);
  await fleet.drain(page, "edge-fra-01").click();
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await sheet.understood(dialog).check();

  agent.containers.containers = [mail, container({ service: "redis", volumes: ["shop_redis"] })];
  const api = await stage.server.api();
  await until("the control plane to know the new container", async () => (await api.get(`/nodes/${agent.id}/drain-preview`)).stateful.length === 2);
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, /What stays on this node has changed: 1 stateful workload you have not seen/);
  await says(dialog.getByRole("row").filter({ hasText: "redis" }), /new/, /shop_redis/);
  assert.equal((await api.node(agent.id)).scheduling, "schedulable", "nothing was changed by the refusal");

  // The acknowledgement was for another list: having seen this one, the person says so again.
  assert.equal(await sheet.understood(dialog).isChecked(), false);
  await sheet.understood(dialog).check();
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, CONFIRMED);
});

story("the last node that takes placements is kept, unless one says so", { refusals: [409] }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  await page.goto(`/nodes/${agent.id}?do=drain`);
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await sheet.reason(dialog).fill("Disk swap");
  await says(dialog, /No node left that would take placements instead/);
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, /No other node takes placements/);
  const api = await stage.server.api();
  assert.equal((await api.node(agent.id)).scheduling, "schedulable");

  await dialog.getByRole("checkbox", { name: "Drain it although no other node takes placements." }).check();
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, CONFIRMED);
});

story("two drains at once cannot empty the fleet", { refusals: [409] }, async (stage) => {
  const agents = [await stage.agent({ name: "edge-fra-01" }), await stage.agent({ name: "edge-fra-02" })];
  const people = await Promise.all(["anna", "ben"].map((name) => stage.person({ name })));
  const dialogs = await Promise.all(
    people.map(async ({ page }, at) => {
      await page.goto(`/nodes/${agents[at].id}?do=drain`);
      const dialog = sheet.of(page, `Drain ${agents[at].name}`);
      await sheet.reason(dialog).fill("Kernel 6.12 reboot");
      await says(dialog, /1 node left that takes placements/);
      return dialog;
    }),
  );
  await Promise.all(dialogs.map((dialog) => sheet.submit(dialog, "Drain node").click()));
  const ends = await Promise.all(dialogs.map((dialog) => reads(dialog, /In maintenance, confirmed by the engine|No other node takes placements/)));
  assert.equal(ends.filter((text) => CONFIRMED.test(text)).length, 1, "one was drained and the other refused");
  const api = await stage.server.api();
  const states = await Promise.all(agents.map(async ({ id }) => (await api.node(id)).scheduling));
  assert.deepEqual(states.sort(), ["maintenance", "schedulable"]);
});
