// A server that finds years of samples and activity in its database: how long until it is ready, and what a person who drains and activates notices
// while it works them off. `make bench` runs it with the release build; alone: `PITLANE_BIN=target/release/pitlane node tests/bench/upkeep.mjs`.
import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { out, root } from "../support/paths.mjs";
import { Server } from "../support/server.mjs";
import { until } from "../support/wait.mjs";
import { quantile } from "./connection.mjs";
import { Measurements } from "./section.mjs";

const SAMPLES = Number(process.env.PITLANE_BENCH_SAMPLES ?? 3_000_000);
const ENTRIES = Number(process.env.PITLANE_BENCH_ENTRIES ?? 1_000_000);
/** A drain and an activation are asked for this often, each. */
const EVERY_MS = 250;
/** Changes before upkeep begins, to compare with. */
const QUIET = 20;
const NAME = "bench-upkeep";
const REMOVED = /removed what was past its time/;

const run = promisify(execFile);
const ms = (value) => `${value.toFixed(0)} ms`;
const measurements = new Measurements();
const { row } = measurements;
const spread = (times) => `median ${ms(quantile(times, 0.5))}, p95 ${ms(quantile(times, 0.95))}, at most ${ms(Math.max(...times))}, of ${times.length}`;

/** Answers within `times` how long a change waited for its 202. */
async function timed(times, change) {
  const begun = performance.now();
  const { status, body } = await change();
  if (status !== 202) throw new Error(`a change was answered ${status}: ${JSON.stringify(body)}`);
  times.push(performance.now() - begun);
}

/** Drains and activates one node again and again until it is `over`; resolves with how long each acceptance took. */
async function changes(api, node, over) {
  const times = { drains: [], activations: [] };
  const settled = (scheduling) =>
    until(`${scheduling}`, async () => {
      const shown = await api.node(node.id);
      return shown.scheduling === scheduling && !shown.operation;
    }, { timeout: 60_000 });
  while (!over(times)) {
    await timed(times.drains, () => api.call("POST", `/nodes/${node.id}/drain`, { reason: "Kernel reboot", seen_stateful: [] }, { "if-match": "*" }));
    await settled("maintenance");
    await timed(times.activations, () => api.activate(node.id, "Measured while the server tidies up"));
    await settled("schedulable");
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return times;
}

const server = await Server.start({ name: NAME, settings: { PITLANE_UPKEEP_AFTER: "1h", PITLANE_LOG_LEVEL: "info,pitlane=debug" } });
try {
  const nodes = [];
  for (const name of ["edge-1", "edge-2"]) nodes.push(await server.agent({ name }));
  await server.kill();
  await run("python3", [join(root, "tests/bench/years.py"), join(server.dataDir, "pitlane.db"), String(SAMPLES), String(ENTRIES)]);
  const size = statSync(join(server.dataDir, "pitlane.db")).size;
  row("the database then", `${SAMPLES.toLocaleString("en")} samples and ${ENTRIES.toLocaleString("en")} activity entries, all past their time: ${(size / 1e6).toFixed(0)} MB`);

  const ready = async (after) => {
    server.settings.PITLANE_UPKEEP_AFTER = after;
    const begun = performance.now();
    await server.launch();
    return performance.now() - begun;
  };
  row("start until `/readyz` answers 200, its upkeep not yet begun", ms(await ready("1h")));
  const api = await server.api();
  await until("the agents to be heard again", async () => (await Promise.all(nodes.map(({ id }) => api.get(`/nodes/${id}/drain-preview`)))).every(({ complete }) => complete));
  const quiet = await changes(api, nodes[0], ({ drains }) => drains.length >= QUIET);
  row("a drain until it is accepted, nothing else to do", spread(quiet.drains));

  await server.kill();
  const log = () => readFileSync(join(out, `${NAME}.log`), "utf8");
  const started = await ready("1s");
  row("start until `/readyz` answers 200, upkeep begins a second later", ms(started), "≤ 3 s", started <= 3_000);
  const begun = performance.now();
  await until("the agents to be heard again", async () => (await Promise.all(nodes.map(({ id }) => api.get(`/nodes/${id}/drain-preview`)))).every(({ complete }) => complete));
  const beside = await changes(api, nodes[0], () => REMOVED.test(log()));
  const took = (performance.now() - begun) / 1_000;
  const middle = quantile(beside.drains, 0.5);
  row("a drain until it is accepted, while upkeep removes all of that", spread(beside.drains), "median ≤ 100 ms", middle <= 100);
  row("an activation until it is accepted, meanwhile", spread(beside.activations));
  row("until everything that is past its time was gone", `${took.toFixed(0)} s`);
  const left = await run("python3", ["-c", "import sqlite3, sys\nprint(sqlite3.connect(sys.argv[1]).execute(\"SELECT count(*) FROM samples WHERE node_id LIKE 'old-%'\").fetchone()[0])", join(server.dataDir, "pitlane.db")]);
  row("old samples left", left.stdout.trim(), "none", left.stdout.trim() === "0");
  row("its log (`pitlane.db-wal`) afterwards", `${(statSync(join(server.dataDir, "pitlane.db-wal")).size / 1e6).toFixed(0)} MB`, "≤ 100 MB", statSync(join(server.dataDir, "pitlane.db-wal")).size <= 100e6);
} finally {
  await server.stop();
}

measurements.put("A database with years in it",
  `On ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB, load ${loadavg()[1].toFixed(1)}, with the release build. Written by ` +
    "`node tests/bench/upkeep.mjs`, which `make bench` runs. Before upkeep went in steps, a server with two million samples to remove did not start: its own pruning held the writer for more than ten seconds.",
);
process.exitCode = measurements.status;
