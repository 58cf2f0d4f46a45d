// Operator stories on a real swarm: from the card to the swarm's own `docker node inspect`, and back.
import assert from "node:assert/strict";
import { beforeEach } from "node:test";
import { until } from "../../support/wait.mjs";
import { fleet, reads, says, sheet } from "../../e2e/support/console.mjs";
import { story } from "../../e2e/support/story.mjs";
import { painted, pictures } from "../look.mjs";
import { availability, docker, median, onSwarm, restore, service } from "./swarm.mjs";

beforeEach(restore);

const CONFIRMED = /In maintenance, confirmed by the engine/;
const UNREAD = "I know that not every workload could be read, and drain the node all the same.";

story("drains a worker of a real swarm and brings it back", { settings: onSwarm() }, async (stage) => {
  const [here] = await service("mail", "--constraint", "node.role==worker", "--mount", "type=volume,source=mail_spool,target=/data");
  await service("web", "--replicas", "3");
  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  await says(fleet.card(page, "n1"), /manager · 10\.77\.0\.1/, /Heartbeat — not reported/, /Docker \d/);
  await reads(fleet.card(page, here), /1 stateful/);
  await pictures(page, "swarm-fleet");

  await fleet.drain(page, here).click();
  const dialog = sheet.of(page, `Drain ${here}`);
  const row = dialog.getByRole("row").filter({ hasText: "mail" });
  await says(row, /mail_spool/, /starts elsewhere, empty/);
  await says(dialog, /Runs the only replica of mail/, /no agent runs on this node/);
  await dialog.getByText("The same from a terminal").click();
  await reads(dialog, /docker node update --availability pause/);
  await pictures(page, "swarm-drain");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await sheet.understood(dialog).check();
  await dialog.getByRole("checkbox", { name: UNREAD }).check();
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, CONFIRMED);
  await page.keyboard.press("Escape");
  assert.equal(await availability(here), "pause", "paused, and never drained in Swarm's sense");
  const reason = await docker(1, "node", "inspect", here, "--format", '{{ index .Spec.Labels "pitlane.maintenance.reason" }}');
  assert.equal(reason, "Kernel 6.12 reboot");
  await reads(fleet.card(page, here), /on-call.*“Kernel 6\.12 reboot”/);

  // A task that is asked for now goes elsewhere.
  await docker(1, "service", "scale", "web=9");
  const placed = await docker(1, "service", "ps", "web", "--filter", "desired-state=running", "--format", "{{.Node}}");
  assert.equal(placed.split("\n").filter((node) => node === here).length, 1, "the one that ran there before");

  const api = await stage.server.api();
  const { id } = (await api.get("/nodes")).nodes.find((node) => node.name === here);
  await until("clean checks", async () => (await api.get(`/nodes/${id}/activation-checks`)).clean);
  await page.goto(`/nodes/${id}`);
  await page.getByRole("button", { name: "Activate", exact: true }).click();
  await until("the swarm to show it active", async () => (await availability(here)) === "active");
  const labels = await docker(1, "node", "inspect", here, "--format", "{{ json .Spec.Labels }}");
  assert.equal(labels, "{}", "nothing of ours stays behind");
});

story("shows within two seconds what somebody did with docker node update", { settings: onSwarm() }, async (stage) => {
  const { page } = await stage.person();
  await fleet.open(page);
  const card = fleet.card(page, "n3");
  await card.waitFor();
  const times = [];
  for (let round = 0; round < 20; round += 1) {
    const [word, pattern] = round % 2 === 0 ? ["pause", /Maintenance/] : ["active", /^(?!.*Maintenance).*Healthy/];
    const seen = painted(page, "n3", pattern);
    await docker(1, "node", "update", "--availability", word, "n3");
    const done = Date.now();
    times.push(Math.max(0, (await seen) - done));
  }
  console.log(`MEASURED outside change to painted card: median ${median(times)} ms, worst ${Math.max(...times)} ms, of ${times.length}`);
  assert.ok(Math.max(...times) < 2_000, `the slowest took ${Math.max(...times)} ms`);
  const api = await stage.server.api();
  const outside = (await api.activity()).filter(({ kind }) => kind === "changed_outside");
  assert.ok(outside.length >= 20, `an entry for each: ${outside.length}`);
});

story("from the click to the swarm's own inspect", { settings: onSwarm() }, async (stage) => {
  const { page } = await stage.person();
  const api = await stage.server.api();
  await until("the nodes", async () => (await api.get("/nodes")).nodes.length === 3);
  const { id } = (await api.get("/nodes")).nodes.find((node) => node.name === "n2");
  const times = [];
  for (let round = 0; round < 20; round += 1) {
    await page.goto(`/nodes/${id}?do=drain`);
    const dialog = sheet.of(page, "Drain n2");
    await sheet.reason(dialog).fill(`Round ${round}`);
    await dialog.getByRole("checkbox", { name: UNREAD }).check();
    const clicked = Date.now();
    await sheet.submit(dialog, "Drain node").click();
    await until("pause", async () => (await availability("n2")) === "pause");
    times.push(Date.now() - clicked);
    await reads(dialog, CONFIRMED);
    const { status, body } = await api.activate(id, "measured");
    assert.equal(status, 202, JSON.stringify(body));
    await until("active", async () => (await api.node(id)).scheduling === "schedulable");
  }
  console.log(`MEASURED click to docker node inspect: median ${median(times)} ms, worst ${Math.max(...times)} ms, of ${times.length}, each with up to 40 ms of polling and the docker command itself`);
});
