// What an idle Pitlane costs beside a swarm of 200 nodes and 5,000 tasks. The engine's API is played here, for this one measurement only: the
// objects have the size and shape of a real manager's. Prints the share of one core over a minute.
//
//   node tests/labs/swarm/idle.bench.mjs [seconds]
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server } from "../../support/server.mjs";
import { until } from "../../support/wait.mjs";

const NODES = 200;
const TASKS = 5_000;
const SECONDS = Number(process.argv[2] ?? 60);
const at = "2026-01-01T00:00:00.000000001Z";
const id = (kind, number) => `${kind}${String(number).padStart(24, "0")}`;
const certificate = "A".repeat(620);
const plugins = ["awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "local", "logentries", "splunk", "syslog"].map((Name) => ({ Type: "Log", Name }));

const nodes = Array.from({ length: NODES }, (_, number) => ({
  ID: id("n", number),
  Version: { Index: 10 },
  CreatedAt: at,
  UpdatedAt: at,
  Spec: { Labels: { rack: String(number % 20) }, Role: number < 3 ? "manager" : "worker", Availability: "active" },
  Description: {
    Hostname: `host-${number}`,
    Platform: { Architecture: "x86_64", OS: "linux" },
    Resources: { NanoCPUs: 16e9, MemoryBytes: 64 * 2 ** 30 },
    Engine: { EngineVersion: "20.10.24", Plugins: plugins },
    TLSInfo: { TrustRoot: certificate, CertIssuerSubject: "MBMxETAPBgNVBAMTCHN3YXJtLWNh", CertIssuerPublicKey: "B".repeat(120) },
  },
  Status: { State: "ready", Addr: `10.0.${number >> 8}.${number & 255}` },
  ...(number < 3 ? { ManagerStatus: { Leader: number === 0, Reachability: "reachable", Addr: `10.0.0.${number}:2377` } } : {}),
}));
const tasks = Array.from({ length: TASKS }, (_, number) => ({
  ID: id("t", number),
  Version: { Index: 100 + number },
  CreatedAt: at,
  UpdatedAt: at,
  Labels: {},
  Spec: {
    ContainerSpec: {
      Image: `registry.example.org/app-${number % 100}:1@sha256:${"c".repeat(64)}`,
      Env: ["A=1", "B=2", "C=3"],
      Mounts: number % 4 === 0 ? [{ Type: "volume", Source: `data-${number % 100}`, Target: "/data" }] : [],
      Isolation: "default",
    },
    Resources: { Limits: {}, Reservations: { MemoryBytes: 128 * 2 ** 20, NanoCPUs: 1e8 } },
    Placement: { Platforms: [{ Architecture: "amd64", OS: "linux" }] },
    Networks: [{ Target: id("w", number % 10) }],
    ForceUpdate: 0,
  },
  ServiceID: id("s", number % 100),
  Slot: Math.floor(number / 100) + 1,
  NodeID: id("n", number % NODES),
  Status: { Timestamp: at, State: "running", Message: "started", ContainerStatus: { ContainerID: "d".repeat(64), PID: number, ExitCode: 0 }, PortStatus: {} },
  DesiredState: "running",
  NetworksAttachments: [{ Network: { ID: id("w", number % 10), Version: { Index: 5 }, CreatedAt: at, UpdatedAt: at, Spec: { Name: "net" } }, Addresses: ["10.1.0.2/24"] }],
}));

const asked = {};
const answers = {
  "/version": { Version: "20.10.24", ApiVersion: "1.41", MinAPIVersion: "1.12" },
  "/info": { ID: "x", Swarm: { NodeID: id("n", 0), LocalNodeState: "active", ControlAvailable: true } },
  "/nodes": nodes,
  "/tasks": tasks,
  "/services": Array.from({ length: 100 }, (_, number) => ({ ID: id("s", number), Version: { Index: 9 }, Spec: { Name: `app-${number}`, Mode: { Replicated: { Replicas: 50 } } } })),
};
const bodies = Object.fromEntries(Object.entries(answers).map(([path, value]) => [path, JSON.stringify(value)]));

const folder = mkdtempSync(join(tmpdir(), "pitlane-idle-"));
const socket = join(folder, "docker.sock");
const engine = createServer((request, response) => {
  const path = new URL(request.url, "http://engine").pathname.replace(/^\/v[\d.]+/, "");
  asked[path] = (asked[path] ?? 0) + 1;
  response.setHeader("content-type", "application/json");
  if (path === "/events") return response.flushHeaders();
  const body = bodies[path];
  response.statusCode = body ? 200 : 404;
  response.end(body ?? JSON.stringify({ message: "no such thing" }));
});
await new Promise((resolve) => engine.listen(socket, resolve));

/** Seconds of processor time a process has used. */
const used = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const memory = (pid) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;

const server = await Server.start({ name: "swarm-idle", settings: { PITLANE_ENGINE: "swarm", PITLANE_SWARM_HOST: `unix://${socket}` } });
try {
  const api = await server.api("viewer");
  await until("the nodes and their tasks", async () => {
    const { nodes, total } = await api.get("/nodes");
    return total === NODES && nodes[0].workload_counts.total === TASKS / NODES;
  });
  // Past the first minute polls have become as rare as they get.
  const settled = asked["/tasks"] + 6;
  await until("the polls to settle", () => asked["/tasks"] >= settled, { timeout: 120_000 });
  const before = { cpu: used(server.pid), at: Date.now(), asked: { ...asked } };
  await until("the time to pass", () => Date.now() - before.at >= SECONDS * 1000, { timeout: SECONDS * 2000 });
  const passed = (Date.now() - before.at) / 1000;
  const share = ((used(server.pid) - before.cpu) / passed) * 100;
  const counts = Object.keys(asked).map((path) => `${path} ${asked[path] - (before.asked[path] ?? 0)}`);
  console.log(`MEASURED idle with ${NODES} nodes and ${TASKS} tasks: ${share.toFixed(2)} % of one core over ${passed.toFixed(0)} s, ${memory(server.pid).toFixed(0)} MB; asked: ${counts.join(", ")}`);
  assert.ok(share < 5, `${share} % of one core`);
} finally {
  await server.stop();
  engine.closeAllConnections();
  engine.close();
  rmSync(folder, { recursive: true, force: true });
}
