// Operator stories on a real control plane: from the card to `kubectl get node`, and back.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, beforeEach } from "node:test";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { until } from "../../support/wait.mjs";
import { fleet, reads, says, sheet } from "../../e2e/support/console.mjs";
import { story } from "../../e2e/support/story.mjs";
import { painted, pictures } from "../look.mjs";
import { Cluster, median } from "./cluster.mjs";

const cluster = await Cluster.start();
after(() => cluster.stop());
beforeEach(() => cluster.clear());

/** The settings of a server that runs in the cluster as its manifests say: with their service account and nothing more. */
const inCluster = { settings: await cluster.settings() };
const CONFIRMED = /In maintenance, confirmed by the engine/;
const CONTROL_PLANE = { labels: { "node-role.kubernetes.io/control-plane": "" }, taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] };

/** Pods of a Deployment, made now and placed by the real scheduler. Resolves with the names of their nodes. */
async function deployment(name, round, count, spec = {}) {
  const names = Array.from({ length: count }, (_, at) => `${name}-6d4f-${round}${at}`);
  for (const pod of names) {
    await cluster.pod(pod, { labels: { app: name, "pod-template-hash": "6d4f" }, owner: { kind: "ReplicaSet", name: `${name}-6d4f` }, spec });
  }
  return Promise.all(names.map(async (pod) => (await cluster.decision(pod)).node));
}

/** A database with its data on a local disk of a node, and a budget that lets one of it go. */
async function database(node) {
  await cluster.localClaim("data-pg-0", node);
  await cluster.pod("pg-0", {
    labels: { app: "pg" },
    owner: { kind: "StatefulSet", name: "pg" },
    spec: {
      containers: [{ name: "main", image: "registry.example.org/postgres:17", resources: { requests: { cpu: "500m", memory: "1Gi" } }, volumeMounts: [{ name: "data", mountPath: "/data" }] }],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data-pg-0" } }],
    },
  });
  await cluster.kubectl("create", "pdb", "pg", "--selector", "app=pg", "--min-available=0");
  // What the disruption controller would say.
  const budget = { disruptionsAllowed: 1, currentHealthy: 1, desiredHealthy: 0, expectedPods: 1, observedGeneration: 1 };
  await cluster.call("PATCH", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/pg/status", { status: budget });
  assert.deepEqual(await cluster.decision("pg-0"), { node }, "its volume binds it");
}

async function known(stage, ...names) {
  const api = await stage.server.api();
  const nodes = await until("the nodes to be healthy", async () => {
    const { nodes } = await api.get("/nodes");
    return names.every((name) => nodes.some((node) => node.name === name && node.health === "healthy")) && nodes;
  });
  return { api, ids: Object.fromEntries(nodes.map(({ name, id }) => [name, id])) };
}

story("drains a node of a real cluster and brings it back", inCluster, async (stage) => {
  await cluster.node("worker-1", { labels: { gpu: "yes", "topology.kubernetes.io/zone": "eu-1a", "node.kubernetes.io/instance-type": "m7.xlarge" } });
  await cluster.node("worker-2", { labels: { "topology.kubernetes.io/zone": "eu-1b" } });
  await cluster.node("cp-1", CONTROL_PLANE);
  await database("worker-1");
  await deployment("render", "a", 1, { nodeSelector: { gpu: "yes" } });
  const before = await deployment("web", "a", 16);
  const stays = before.filter((node) => node === "worker-1").length;
  assert.ok(stays > 0, `the scheduler spreads: ${before}`);
  const running = async () => (await cluster.kubectl("get", "pods", "--field-selector", "spec.nodeName=worker-1", "-o", "jsonpath={.items[*].metadata.uid}")).split(" ").sort();
  const uids = await running();

  const { page } = await stage.person({ name: "on-call" });
  const { api, ids } = await known(stage, "worker-1", "worker-2", "cp-1");
  await fleet.open(page);
  await until("every pod to be counted", async () => (await api.node(ids["worker-1"])).workload_counts.total === stays + 2);
  await says(fleet.card(page, "worker-1"), /eu-1a · 10\.0\.0\.\d+/, /v1\.37\.2/, /1 stateful/);
  await pictures(page, "kubernetes-fleet");

  await fleet.drain(page, "worker-1").click();
  const dialog = sheet.of(page, "Drain worker-1");
  await says(dialog.getByRole("row").filter({ hasText: "pg-0" }), /default \/ pg-0/, /StatefulSet pg/, /disruption budget pg allows 1 to go now/, /data-pg-0 · local/, /waits for this node/);
  await says(dialog, /1 pod could run on no other node, kept from every other node by a volume that only this node reaches: default\/pg-0\./);
  await says(dialog, /1 pod could run on no other node, kept from every other node by its node selector or affinity: default\/render-6d4f-a0\./);
  await says(dialog, /1 other node is not counted as capacity that remains: what runs here does not tolerate the taints of cp-1\./);
  // Allocatable less requests, of what counts: worker-2, with its part of the web pods.
  const there = before.length - stays;
  await says(dialog, /1 node left that takes placements/, /Only one node will take placements afterwards/);
  const { capacity_after: after } = await api.get(`/nodes/${ids["worker-1"]}/drain-preview`);
  assert.deepEqual(
    [after.nodes, after.basis, after.memory_total_bytes, after.memory_free_bytes, after.cpu_cores_total, Math.round(after.cpu_cores_free * 10)],
    [1, "reserved", 8 * 2 ** 30, 8 * 2 ** 30 - there * 256 * 2 ** 20, 4, 40 - there],
  );
  // Both workers in one go: the control plane remains and could take none of it, and what could go to the other one could go nowhere.
  const both = await api.call("POST", "/bulk-operations/preview", { kind: "drain", nodes: [ids["worker-1"], ids["worker-2"]] });
  assert.equal(both.status, 200, JSON.stringify(both.body));
  const { capacity_now: set, capacity_after: none, takes_the_last: last, nodes: each } = both.body.data;
  assert.deepEqual([set.nodes, none.nodes, last, each.every((node) => node.ready)], [2, 0, true, true]);
  for (const node of each) {
    assert.ok(node.notes.some((note) => /pods? could run on no other node.*default\/web-/.test(note)), JSON.stringify(node.notes));
  }
  const refused = await api.call("POST", "/bulk-operations", { kind: "drain", reason: "Kernel 6.12 reboot", nodes: each.map(({ node_id }) => ({ node_id })) });
  assert.deepEqual([refused.status, refused.body.error?.code], [409, "last_schedulable_node"], JSON.stringify(refused.body));

  await dialog.getByText("The same from a terminal").click();
  await reads(dialog, /kubectl cordon worker-1/);
  await pictures(page, "kubernetes-drain");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await sheet.understood(dialog).check();
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, CONFIRMED);
  await page.keyboard.press("Escape");
  assert.ok(await cluster.isOut("worker-1"), "kubectl shows SchedulingDisabled");
  const record = JSON.parse(await cluster.kubectl("get", "node", "worker-1", "-o", String.raw`jsonpath={.metadata.annotations.pitlane\.dev/maintenance}`));
  assert.deepEqual([record.reason, record.by], ["Kernel 6.12 reboot", "on-call"]);
  await until("an Event on the node", async () => /Drained.*by on-call: Kernel 6\.12 reboot/.test(await cluster.kubectl("describe", "node", "worker-1")));
  await reads(fleet.card(page, "worker-1"), /on-call.*“Kernel 6\.12 reboot”/);

  const during = await deployment("web", "b", 8);
  assert.deepEqual([...new Set(during)], ["worker-2"], "nothing lands on a node in maintenance, nor where a taint keeps it out");
  assert.deepEqual(await running(), uids, "what runs is what ran");
  await page.goto(`/nodes/${ids["worker-1"]}`);
  const workloads = page.getByRole("region", { name: "Table of workloads" });
  await says(workloads.getByRole("row").filter({ hasText: "pg-0" }), /StatefulSet pg · disruption budget pg allows 1 to go now/, /default/, /Stateful/, /data-pg-0 · local/);
  await says(workloads.getByRole("row").filter({ hasText: "render-6d4f-a0" }), /Deployment render/, /could run nowhere else/);
  await pictures(page, "kubernetes-node");

  await until("clean checks", async () => (await api.get(`/nodes/${ids["worker-1"]}/activation-checks`)).clean);
  await page.getByRole("button", { name: "Activate", exact: true }).click();
  await until("kubectl to show it schedulable", async () => !(await cluster.isOut("worker-1")));
  const annotations = await cluster.kubectl("get", "node", "worker-1", "-o", "jsonpath={.metadata.annotations}");
  assert.doesNotMatch(annotations, /pitlane/, "nothing of ours stays behind");
  const later = await deployment("web", "c", 8);
  assert.ok(later.includes("worker-1"), `it takes placements again: ${later}`);
});

story("shows within a second what somebody did with kubectl cordon", inCluster, async (stage) => {
  await cluster.node("worker-1");
  await cluster.node("worker-2");
  const { page } = await stage.person();
  const { api } = await known(stage, "worker-1", "worker-2");
  await fleet.open(page);
  await fleet.card(page, "worker-2").waitFor();
  const times = [];
  for (let round = 0; round < 20; round += 1) {
    const [verb, pattern] = round % 2 === 0 ? ["cordon", /Maintenance/] : ["uncordon", /^(?!.*Maintenance).*Healthy/];
    const seen = painted(page, "worker-2", pattern);
    await cluster.kubectl(verb, "worker-2");
    const done = Date.now();
    times.push(Math.max(0, (await seen) - done));
    if (round === 0) await reads(fleet.card(page, "worker-2"), /set outside Pitlane/);
  }
  console.log(`MEASURED outside cordon to painted card: median ${median(times)} ms, worst ${Math.max(...times)} ms, of ${times.length}`);
  assert.ok(median(times) < 1_000, `the middle one took ${median(times)} ms`);
  const outside = (await api.activity()).filter(({ kind }) => kind === "changed_outside");
  assert.ok(outside.length >= 20, `an entry for each: ${outside.length}`);
});

story("from the click to kubectl get node", inCluster, async (stage) => {
  await cluster.node("worker-1");
  await cluster.node("worker-2");
  const { page } = await stage.person();
  const { api, ids } = await known(stage, "worker-1", "worker-2");
  // A kubectl that watches: what a person would see who has it open beside the console.
  const kubectl = spawn(join(cluster.folder, "kubectl"), ["get", "node", "worker-2", "--watch", "--no-headers"], { stdio: ["ignore", "pipe", "inherit"] });
  const shown = { out: false };
  createInterface({ input: kubectl.stdout }).on("line", (line) => {
    const out = /SchedulingDisabled/.test(line);
    if (out !== shown.out) Object.assign(shown, { out, at: Date.now() });
  });
  try {
    const times = [];
    for (let round = 0; round < 20; round += 1) {
      await page.goto(`/nodes/${ids["worker-2"]}?do=drain`);
      const dialog = sheet.of(page, "Drain worker-2");
      await sheet.reason(dialog).fill(`Round ${round}`);
      const submit = sheet.submit(dialog, "Drain node");
      await submit.hover();
      const clicked = Date.now();
      await submit.click();
      await until("SchedulingDisabled", () => shown.out);
      times.push(shown.at - clicked);
      await reads(dialog, CONFIRMED);
      const { status, body } = await api.activate(ids["worker-2"], "measured");
      assert.equal(status, 202, JSON.stringify(body));
      await until("it to be back", () => !shown.out);
      await until("the operation to be over", async () => (await api.node(ids["worker-2"])).scheduling === "schedulable");
    }
    console.log(`MEASURED click to kubectl get node showing SchedulingDisabled: median ${median(times)} ms, worst ${Math.max(...times)} ms, of ${times.length}`);
  } finally {
    kubectl.kill();
  }
});

story("beside kubectl drain and uncordon", inCluster, async (stage) => {
  await cluster.node("worker-1");
  await cluster.node("worker-2");
  await deployment("api", "a", 4);
  const { page } = await stage.person({ name: "on-call" });
  const { api, ids } = await known(stage, "worker-1", "worker-2");
  await fleet.open(page);
  await cluster.kubectl("drain", "worker-1", "--force", "--ignore-daemonsets", "--timeout=60s");
  const card = fleet.card(page, "worker-1");
  await reads(card, /Maintenance.*set outside Pitlane/);
  await until("the pods it evicted to be gone from the card", async () => (await api.node(ids["worker-1"])).workload_counts.total === 0);
  await cluster.kubectl("uncordon", "worker-1");
  await reads(card, /^(?!.*Maintenance).*Healthy/);

  // Pitlane drains, and somebody brings the node back with kubectl: their word counts, and what Pitlane had noted goes.
  const { status } = await api.drain(ids["worker-1"]);
  assert.equal(status, 202);
  await reads(card, /“Kernel 6\.12 reboot”/);
  await cluster.kubectl("uncordon", "worker-1");
  await reads(card, /^(?!.*Maintenance).*Healthy/);
  await until("the note to be gone", async () => !/pitlane/.test(await cluster.kubectl("get", "node", "worker-1", "-o", "jsonpath={.metadata.annotations}")));
  const said = (await api.activity()).filter(({ kind }) => kind === "changed_outside").map(({ message }) => message);
  assert.ok(said.some((message) => /schedulable again/.test(message)), said.join("; "));
});
