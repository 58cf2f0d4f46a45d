// 500 hostile connections of five kinds beside one operator who drains and reads: silent ones, heads and bodies that come byte by byte, heartbeats of 4 MiB without a
// token, bearers that nobody has. Once from 250 addresses of this machine, once from the operator's own. `make bench` runs it with the release build; alone:
// `PITLANE_BIN=target/release/pitlane node tests/bench/hostile.mjs`. Loopback only, and half a minute.
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { Server } from "../support/server.mjs";
import { quantile } from "./connection.mjs";
import { Mob } from "./mob.mjs";
import { work } from "./operator.mjs";
import { Measurements } from "./section.mjs";

const EACH = Number(process.env.PITLANE_BENCH_HOSTILE ?? 500) / 5;
const SECONDS = 8;
const TIMES = 3;
const MORE = 100e6;

const memory = (pid) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) * 1024;
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
const ms = (value) => `${value.toFixed(1)} ms`;
const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

const measurements = new Measurements();
const { row } = measurements;

/** The largest that the server was while `doing` went on, with its result. */
async function watched(pid, doing) {
  let most = memory(pid);
  const timer = setInterval(() => (most = Math.max(most, memory(pid))), 100);
  const result = await doing();
  clearInterval(timer);
  return { most: Math.max(most, memory(pid)), ...result };
}

// As it is shipped: the bounds are what is measured.
const server = await Server.start({
  name: "bench-hostile",
  settings: { PITLANE_RATE_PER_SECOND: "50", PITLANE_RATE_BURST: "200", PITLANE_HEARTBEAT_RATE_PER_SECOND: "5", PITLANE_LOG_LEVEL: "warn" },
});
const mob = new Mob();
try {
  const agents = [await server.agent({ name: "edge-1" }), await server.agent({ name: "edge-2" })];
  const asked = { port: server.port, token: await server.token("operator"), node: agents[0].id, seconds: SECONDS };
  await work({ ...asked, seconds: 2 });
  const quiet = await watched(server.pid, () => work(asked));
  const p95 = quantile(quiet.times, 0.95);
  row("the operator alone: p50, p95 of a request", `${ms(quantile(quiet.times, 0.5))}, ${ms(p95)} (${quiet.times.length} requests, ${quiet.drains} drains)`);
  row("memory then", mb(quiet.most));

  for (const [whence, from] of [["250 addresses", undefined], ["the operator's own address", "127.0.0.1"]]) {
    mob.attack({ port: server.port, each: EACH, from });
    await pause(2);
    const attacked = await watched(server.pid, () => work(asked));
    const seen = await mob.stop();
    const bound = Math.max(p95 * TIMES, 1);
    const now = quantile(attacked.times, 0.95);
    row(`the same beside ${EACH * 5} hostile connections from ${whence}: p50, p95`, `${ms(quantile(attacked.times, 0.5))}, ${ms(now)} (${attacked.times.length} requests, ${attacked.drains} drains)`, `p95 ≤ ${TIMES} × the quiet one`, now <= bound);
    row("requests of the operator that were refused or cut", String(attacked.refused.length), "none", attacked.refused.length === 0);
    if (attacked.refused.length > 0) console.log(attacked.refused.slice(0, 5).join("\n"));
    row("memory above the quiet one, at most", mb(attacked.most - quiet.most), "≤ 100 MB", attacked.most - quiet.most <= MORE);
    row("what came of the hostile ones", Object.entries(seen).map(([kind, { connected, ...answers }]) => `${kind}: connected ${connected}${Object.entries(answers).map(([status, count]) => `, ${status} × ${count}`).join("")}`).join("; "));
    await pause(1);
  }
} finally {
  mob.close();
  await server.stop();
}

if (!process.env.PITLANE_BENCH_SILENT) {
  measurements.put("Strangers who mean harm",
    `On ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB, load ${loadavg()[0].toFixed(1)}. Written by \`node tests/bench/hostile.mjs\`, which \`make bench\` runs. ` +
      "The hostile connections (one process) share the processors with the server. They are silent, send a head or a body byte by byte, send 4 MiB without a token, or show bearers that nobody has, " +
      "and each begins again when it is cut off. The operator reads, drains and activates, with a new connection each round; settings are the defaults.",
  );
}
process.exitCode = measurements.status;
