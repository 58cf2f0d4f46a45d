// What Pitlane costs beside a cluster of 5,000 nodes and 50,000 pods, on a real API server with the release build: how long until it knows them
// all, its memory, what it does while 5,000 kubelets renew their leases, and how long others wait for a page of nodes while somebody previews a drain of 500. Prints the figures and writes them into docs/performance.md.
//
//   PITLANE_BIN=target/release/pitlane node tests/labs/kubernetes/size.bench.mjs
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { Connection, quantile, request } from "../../bench/connection.mjs";
import { putSection } from "../../bench/section.mjs";
import { Server } from "../../support/server.mjs";
import { until } from "../../support/wait.mjs";
import { Cluster, median } from "./cluster.mjs";

const NODES = Number(process.env.PITLANE_BENCH_KUBERNETES_NODES ?? 5_000);
const PODS = NODES * 10;
const LANES = 48;
/** How long the leases are renewed while it is watched. */
const SECONDS = 60;
const BUDGET = 400e6;
/** A page of nodes is asked for so often while a large set is previewed. Below what one token may ask for in the long run. */
const PAGES_PER_SECOND = 45;
/** Nodes in that set. */
const SET = Math.min(500, NODES);
const PAGE_BUDGET_MS = 20;
/** Previews one after another, so that there are enough pages for a 99th percentile. */
const LARGE_PREVIEWS = Number(process.env.PITLANE_BENCH_KUBERNETES_PREVIEWS ?? 5);
const name = (at) => `worker-${String(at).padStart(5, "0")}`;
const figure = (number) => Math.round(number).toLocaleString("en");

/** Runs `work(at)` for each number below `count`, some at a time. */
async function each(count, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** A pod of the size that pods have: three kilobytes of it, as an API server shows it. Bound from the start, so that the scheduler is not what is measured. */
function pod(at) {
  const app = `app-${at % 400}`;
  const labels = { app, "app.kubernetes.io/name": app, "app.kubernetes.io/part-of": `team-${at % 40}`, "app.kubernetes.io/version": "1.42.0", "pod-template-hash": "6d4fb9c8c5" };
  const env = Array.from({ length: 12 }, (_, one) => ({ name: `SETTING_${one}`, value: `a value of ordinary length, number ${one}` }));
  const probe = { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 10 };
  const resources = { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } };
  const main = { name: "main", image: `registry.example.org/team-${at % 40}/${app}:1.42.0`, env, resources, readinessProbe: probe, livenessProbe: probe, volumeMounts: [{ name: "data", mountPath: "/data" }, { name: "config", mountPath: "/config" }] };
  const sidecar = { name: "proxy", image: "registry.example.org/mesh/proxy:2.9.1", args: ["--concurrency=2", "--log-level=warning"], resources: { requests: { cpu: "50m", memory: "64Mi" } } };
  return {
    labels,
    owner: at % 5 === 0 ? { kind: "StatefulSet", name: app } : { kind: "ReplicaSet", name: `${app}-6d4fb9c8c5` },
    spec: {
      nodeName: name(at % NODES),
      containers: [main, sidecar],
      volumes: [at % 5 === 0 ? { name: "data", persistentVolumeClaim: { claimName: `data-${at}` } } : { name: "data", emptyDir: {} }, { name: "config", configMap: { name: app } }],
    },
  };
}

/** Asks for pages of nodes at a steady rate while `work` runs. Resolves with what `work` gave, and how long each page took. */
async function pagesBeside(port, token, work) {
  const connections = await Promise.all(Array.from({ length: 8 }, () => Connection.open(port)));
  const page = request("GET", "/api/v1/nodes?limit=100", { port, token });
  const asked = [];
  const since = performance.now();
  const timer = setInterval(() => {
    // As many as are due: a timer that is late makes up for it, and nobody waits for the answer before.
    while (asked.length < ((performance.now() - since) / 1000) * PAGES_PER_SECOND) asked.push(connections[asked.length % connections.length].send(page));
  }, 2);
  let result;
  try {
    result = await work();
  } finally {
    clearInterval(timer);
  }
  const pages = await Promise.all(asked);
  for (const connection of connections) connection.close();
  const refused = pages.find((answer) => answer.status !== 200);
  if (refused) throw new Error(`a page was answered with ${refused.status}: ${refused.body}`);
  return { result, times: pages.map((answer) => answer.ms) };
}

const status = (pid) => Object.fromEntries([...readFileSync(`/proc/${pid}/status`, "utf8").matchAll(/^(VmRSS|VmHWM):\s+(\d+)/gm)].map(([, key, kb]) => [key, Number(kb) * 1024]));
/** Seconds of processor time a process has used. */
const used = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

async function counted(api) {
  let pods = 0;
  let cursor = "";
  do {
    const page = await api.get(`/nodes?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    if (page.total !== NODES) return false;
    pods += page.nodes.reduce((sum, node) => sum + (node.workload_counts.total ?? 0), 0);
    cursor = page.next_cursor ?? "";
  } while (cursor);
  return pods === PODS;
}

const cluster = await Cluster.start({ kubelets: false });
let server;
try {
  let since = Date.now();
  await each(NODES, (at) => cluster.node(name(at), { labels: { "topology.kubernetes.io/zone": `eu-1${"abc"[at % 3]}` }, room: { cpu: "16", memory: "64Gi" } }));
  console.log(`${figure(NODES)} nodes with their leases made in ${figure((Date.now() - since) / 1000)} s`);
  since = Date.now();
  await each(PODS, (at) => cluster.pod(`app-${at % 400}-${at}`, pod(at)));
  console.log(`${figure(PODS)} pods made in ${figure((Date.now() - since) / 1000)} s`);

  since = Date.now();
  server = await Server.start({ name: "kubernetes-size", settings: await cluster.settings() });
  const api = await server.api();
  await until("every node and pod to be known", () => counted(api), { timeout: 300_000 });
  const start = (Date.now() - since) / 1000;
  const atStart = status(server.pid);
  console.log(`MEASURED ${figure(NODES)} nodes and ${figure(PODS)} pods are known ${start.toFixed(1)} s after the start of the server, ${figure(atStart.VmRSS / 1e6)} MB, at most ${figure(atStart.VmHWM / 1e6)} MB`);

  // 5,000 kubelets, each every ten seconds, spread evenly.
  const before = { cpu: used(server.pid), at: Date.now() };
  let renewed = 0;
  let next = 0;
  const every = 10_000 / NODES;
  const lane = async () => {
    while (Date.now() - before.at < SECONDS * 1000) {
      const at = next++;
      await until("its turn", () => Date.now() - before.at >= at * every);
      await cluster.renew(name(at % NODES));
      renewed += 1;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const passed = (Date.now() - before.at) / 1000;
  const share = ((used(server.pid) - before.cpu) / passed) * 100;
  const steady = status(server.pid);
  console.log(`MEASURED ${figure(renewed / passed)} renewals a second for ${figure(passed)} s: ${share.toFixed(0)} % of one core, ${figure(steady.VmRSS / 1e6)} MB, at most ${figure(steady.VmHWM / 1e6)} MB`);

  const { nodes } = await api.get("/nodes?limit=20");
  const [previews, drains] = [[], []];
  for (const { id } of nodes) {
    since = performance.now();
    await api.get(`/nodes/${id}/drain-preview`);
    previews.push(performance.now() - since);
    since = performance.now();
    const { status: answered, body } = await api.drain(id);
    if (answered !== 202) throw new Error(JSON.stringify(body));
    await until("the node to be in maintenance", async () => (await api.node(id)).scheduling === "maintenance", { timeout: 30_000 });
    drains.push(performance.now() - since);
  }
  console.log(`MEASURED a drain's preview: median ${figure(median(previews))} ms; from the request to confirmed: median ${figure(median(drains))} ms, of ${drains.length}`);

  const set = [];
  for (let cursor = ""; set.length < SET; ) {
    const page = await api.get(`/nodes?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    set.push(...page.nodes.map((node) => node.id));
    cursor = page.next_cursor ?? "";
    if (!cursor) break;
  }
  const reader = await server.token("viewer", "reads-beside");
  since = performance.now();
  const quiet = await pagesBeside(server.port, reader, () => until("ten seconds to pass", () => performance.now() - since > 10_000, { timeout: 20_000 }));
  const large = [];
  const beside = await pagesBeside(server.port, reader, async () => {
    for (let one = 0; one < LARGE_PREVIEWS; one++) {
      const begun = performance.now();
      const { status: answered, body } = await api.call("POST", "/bulk-operations/preview", { kind: "drain", nodes: set.slice(0, SET) });
      if (answered !== 200 || body.data.nodes.length !== SET) throw new Error(JSON.stringify(body).slice(0, 500));
      large.push(performance.now() - begun);
    }
  });
  const [quietP99, besideP99] = [quantile(quiet.times, 0.99), quantile(beside.times, 0.99)];
  const tenths = (ms) => `${ms.toFixed(1)} ms`;
  console.log(`MEASURED a preview of ${SET} nodes: median ${figure(median(large))} ms of ${large.length}; GET /nodes beside it: p99 ${tenths(besideP99)} of ${beside.times.length}, median ${tenths(quantile(beside.times, 0.5))}, worst ${tenths(Math.max(...beside.times))}; with nothing beside it: p99 ${tenths(quietP99)} of ${quiet.times.length}`);

  const peak = Math.max(steady.VmHWM, status(server.pid).VmHWM);
  const mb = (bytes) => `${figure(bytes / 1e6)} MB`;
  putSection(
    `Kubernetes: ${figure(NODES)} nodes and ${figure(PODS)} pods`,
    `Written by \`node tests/labs/kubernetes/size.bench.mjs\` (\`make bench\`) on ${new Date().toISOString().slice(0, 10)}: the release build against the lab's real API server and etcd, pods of about 3 KB,
everything on the same ${cpus().length} processors (load ${loadavg()[0].toFixed(1)}).

| what | measured | budget |
|---|---|---|
| start of the server → every node and pod is known | ${start.toFixed(1)} s | |
| memory then; at most until then | ${mb(atStart.VmRSS)}; ${mb(atStart.VmHWM)} | |
| memory at most, after ${SECONDS} s of heartbeats and ${drains.length} drains | ${mb(peak)} | ≤ 400 MB: ${peak <= BUDGET ? "kept" : "**missed**"} |
| one core while ${figure(renewed / passed)} leases a second are renewed | ${share.toFixed(0)} % | |
| a drain's preview, median of ${previews.length} | ${figure(median(previews))} ms | |
| a drain from the request to confirmed by the engine, median of ${drains.length} | ${figure(median(drains))} ms | |
| a preview of a drain of ${SET} nodes, median of ${large.length} | ${figure(median(large))} ms | |
| \`GET /nodes\`, a page of 100, ${PAGES_PER_SECOND} a second while such previews run: p99 of ${beside.times.length} | ${tenths(besideP99)} | ≤ ${PAGE_BUDGET_MS} ms: ${besideP99 <= PAGE_BUDGET_MS ? "kept" : "**missed**"} |
| the same with nothing beside it: p99 of ${quiet.times.length} | ${tenths(quietP99)} | |`,
  );
  if (peak > BUDGET || besideP99 > PAGE_BUDGET_MS) process.exitCode = 1;
} finally {
  await server?.stop();
  await cluster.stop();
}
