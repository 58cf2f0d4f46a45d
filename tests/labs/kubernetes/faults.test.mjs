// Stories of what goes wrong between Pitlane and a real API server: rights that are missing, credentials that expire, an API server that is
// killed in the middle of a drain, that is slow, and a kubelet whose clock is off. What a person reads then, and that nothing is lost.
import assert from "node:assert/strict";
import { after, beforeEach } from "node:test";
import { join } from "node:path";
import { root } from "../../support/paths.mjs";
import { until } from "../../support/wait.mjs";
import { axe } from "../../e2e/support/browser.mjs";
import { fleet, reads, says, sheet } from "../../e2e/support/console.mjs";
import { story } from "../../e2e/support/story.mjs";
import { pictures } from "../look.mjs";
import { Cluster } from "./cluster.mjs";
import { Way } from "./way.mjs";

const cluster = await Cluster.start();
const way = await Way.to(cluster);
after(async () => {
  await way.close();
  await cluster.stop();
});
const deploy = () => cluster.kubectl("apply", "-k", join(root, "deploy/kubernetes"));
beforeEach(async () => {
  Object.assign(way, { delay: 0, before: async () => true });
  await cluster.clear();
});

const settings = await cluster.settings({ name: "by-the-way", address: way.address });
const CONFIRMED = /In maintenance, confirmed by the engine/;
const UNREAD = "I know that not every workload could be read, and drain the node all the same.";
/** The API server starts again within a minute where nothing else runs. */
const PATIENT = { timeout: 90_000 };

async function ready(stage, ...names) {
  for (const name of names) await cluster.node(name);
  const api = await stage.server.api();
  const nodes = await until("the nodes to be healthy", async () => {
    const { nodes } = await api.get("/nodes");
    return names.every((name) => nodes.some((node) => node.name === name && node.health === "healthy")) && nodes;
  }, PATIENT);
  return { api, ids: Object.fromEntries(nodes.map(({ name, id }) => [name, id])) };
}

/** Takes rights away from the account that the manifests make. */
async function without(verb, resource) {
  const path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/pitlane";
  const role = await cluster.get(path);
  const rules = role.rules
    .flatMap((rule) => rule.resources.map((one) => ({ ...rule, resources: [one], verbs: rule.verbs.filter((has) => one !== resource || (verb !== "*" && has !== verb)) })))
    .filter(({ verbs }) => verbs.length > 0);
  await cluster.call("PUT", path, { ...role, rules });
}

story("says what it may not read, and which right is missing", { settings }, async (stage) => {
  await without("*", "pods");
  try {
    const { api, ids } = await ready(stage, "worker-1", "worker-2");
    // A watch that stands goes on until its time is over; what it brings is true until then.
    await until("the right to be missed", async () => !(await api.get(`/nodes/${ids["worker-1"]}/workloads`)).complete, PATIENT);
    const { page } = await stage.person();
    await fleet.open(page);
    await fleet.drain(page, "worker-1").click();
    const dialog = sheet.of(page, "Drain worker-1");
    await reads(dialog, /Not evaluated: .*the right to (list|watch) pods is missing/);
    await says(dialog, /There may be stateful workloads that are not shown\./, /Whatever runs on this node stays where it is; the list could not be read/, /memory not evaluated/);
    await pictures(page, "kubernetes-unread");
    await sheet.reason(dialog).fill("Kernel 6.12 reboot");
    await sheet.submit(dialog, "Drain node").click();
    await reads(dialog, /Acknowledge that not every workload could be read/);
    await dialog.getByRole("checkbox", { name: UNREAD }).check();
    await sheet.submit(dialog, "Drain node").click();
    await reads(dialog, CONFIRMED);
    assert.ok(await cluster.isOut("worker-1"));
    await page.goto(`/nodes/${ids["worker-1"]}`);
    await reads(page.getByRole("region", { name: "Workloads" }), /Not evaluated: .*the right to (list|watch) pods is missing/);
    await deploy();
    await until("the picture to be whole again", async () => (await api.get(`/nodes/${ids["worker-1"]}/workloads`)).complete, PATIENT);
  } finally {
    await deploy();
  }
});

story("says which right a drain would need", { settings }, async (stage) => {
  const { page } = await stage.person();
  const { api, ids } = await ready(stage, "worker-1", "worker-2");
  await without("patch", "nodes");
  try {
    await page.goto(`/nodes/${ids["worker-1"]}?do=drain`);
    const dialog = sheet.of(page, "Drain worker-1");
    await sheet.reason(dialog).fill("Kernel 6.12 reboot");
    await sheet.submit(dialog, "Drain node").click();
    await reads(dialog, /Drain failed\..*[Tt]he right to patch nodes is missing/);
    assert.equal(await cluster.isOut("worker-1"), false);
    assert.equal((await api.node(ids["worker-1"])).scheduling, "schedulable", "and nothing says that it is in maintenance");
  } finally {
    await deploy();
  }
});

story("an API server that is killed in the middle of a drain", { settings, refusals: [503] }, async (stage) => {
  const { page } = await stage.person({ name: "on-call" });
  const { api, ids } = await ready(stage, "worker-1", "worker-2");
  await fleet.open(page);
  await fleet.drain(page, "worker-1").click();
  const dialog = sheet.of(page, "Drain worker-1");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  // It dies when the write is on its way, and the write with it.
  let killed;
  way.before = async ({ method, url }) => {
    if (method !== "PATCH" || !url.startsWith("/api/v1/nodes/worker-1")) return true;
    killed ??= cluster.order("kill apiserver");
    await killed;
    return false;
  };
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, /Draining: waiting for the engine\./, PATIENT);
  await killed;
  await page.keyboard.press("Escape");
  await reads(page.getByRole("main").locator("xpath=.."), /Kubernetes does not answer\. (The connection to the API server broke off|Nothing listens where .* is refused)\. It last answered \d+ (s|min) ago\. New drains and activations are refused; what was accepted waits and is tried again\./, PATIENT);
  await says(fleet.card(page, "worker-2"), /worker-2/);
  await reads(fleet.card(page, "worker-1"), /Draining: waiting for the engine/);
  await page.getByRole("alert").getByText("Kubernetes does not answer.").waitFor();
  assert.deepEqual(await axe(page), []);
  await pictures(page, "kubernetes-away");
  way.before = async () => true;
  await cluster.order("start apiserver");
  await reads(fleet.card(page, "worker-1"), /Maintenance.*on-call · “Kernel 6\.12 reboot”/, PATIENT);
  assert.ok(await cluster.isOut("worker-1"));
  const told = (await api.activity()).filter(({ kind, node_id: node }) => kind === "drained" && node === ids["worker-1"]);
  assert.equal(told.length, 1, "once");
  await until("the banner to go", async () => !/does not answer/.test(await page.locator("body").innerText()), PATIENT);
});

story("credentials that stop working while it runs, and are renewed", { settings, refusals: [503] }, async (stage) => {
  const { page } = await stage.person();
  await ready(stage, "worker-1", "worker-2");
  await fleet.open(page);
  await cluster.kubectl("delete", "serviceaccount", "pitlane", "--namespace", "pitlane");
  await reads(page.locator("body"), /Kubernetes does not answer\. The credentials are not valid, or have expired: .*It last answered \d+ (s|min) ago\./, PATIENT);
  await says(fleet.card(page, "worker-1"), /worker-1/);
  // Somebody makes the account anew, and puts its token where the old one was.
  await deploy();
  await cluster.settings({ name: "by-the-way", address: way.address });
  await until("the banner to go", async () => !/does not answer/.test(await page.locator("body").innerText()), PATIENT);
  await cluster.kubectl("cordon", "worker-2");
  await reads(fleet.card(page, "worker-2"), /Maintenance.*set outside Pitlane/);
});

story("an API server that is slow, and one that hangs", { settings, refusals: [503] }, async (stage) => {
  const { page } = await stage.person();
  const { ids } = await ready(stage, "worker-1", "worker-2");
  way.delay = 1_500;
  await page.goto(`/nodes/${ids["worker-1"]}?do=drain`);
  const dialog = sheet.of(page, "Drain worker-1");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await sheet.submit(dialog, "Drain node").click();
  await reads(dialog, CONFIRMED, PATIENT);
  await page.keyboard.press("Escape");
  assert.doesNotMatch(await page.locator("body").innerText(), /does not answer/, "slow is not away");
  way.delay = 600_000;
  await reads(page.locator("body"), /Kubernetes does not answer\. .*has not answered within 10 s.*It last answered \d+ s ago\./, PATIENT);
});

story("a kubelet whose clock is an hour behind is alive, and its clock is said", { settings }, async (stage) => {
  await cluster.node("late-clock", { clock: -3_600_000 });
  const { page } = await stage.person();
  const { api } = await ready(stage, "worker-1");
  await fleet.open(page);
  const card = fleet.card(page, "late-clock");
  await reads(card, /clock is 3,?600 s behind the server's/, PATIENT);
  const node = (await api.get("/nodes")).nodes.find(({ name }) => name === "late-clock");
  assert.equal(node.heartbeat.state, "fresh", "its age counts from when a renewal was seen");
});
