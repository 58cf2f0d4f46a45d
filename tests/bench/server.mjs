// The control plane under load: pages of nodes, heartbeats with browsers connected, memory, the time from a change at the engine to its card, and
// `kill -9`. `make bench` runs it with the release build; alone: `PITLANE_BIN=target/release/pitlane node tests/bench/server.mjs`. With
// PITLANE_BENCH_SOAK=600 (seconds) it soaks as well.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { promisify } from "node:util";
import { root } from "../support/paths.mjs";
import { Server } from "../support/server.mjs";
import { changeToCard, frontDoor } from "./browser.mjs";
import { quantile } from "./connection.mjs";
import { Crowd } from "./crowd.mjs";
import { LargeFleet } from "./fleet.mjs";
import { Measurements } from "./section.mjs";

const NODES = Number(process.env.PITLANE_BENCH_NODES ?? 10_000);
const ROUNDS = Number(process.env.PITLANE_BENCH_ROUNDS ?? 3);
const CRASHES = Number(process.env.PITLANE_CRASH_ROUNDS ?? 50);
const SOAK = Number(process.env.PITLANE_BENCH_SOAK ?? 0);
const BROWSERS = 200;
const ASLEEP = 20;
/** What a fleet of this size beats by itself: each node every five seconds. */
const USUAL = NODES / 5;
const TICKS_PER_SECOND = 100;

const processor = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};
const memory = (pid, what = "VmRSS") => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`${what}:\\s+(\\d+)`))[1]) * 1024;
const ms = (value) => `${value.toFixed(1)} ms`;
const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
const percent = (share) => `${(share * 100).toFixed(0)} %`;
const middle = (values) => quantile(values, 0.5);
const average = (lists) => lists[0].map((_, at) => lists.reduce((sum, list) => sum + list[at], 0) / lists.length);
const several = (values, write) => `${write(middle(values))} (${values.map((value) => write(value)).join(", ")})`;

const measurements = new Measurements();
const { row } = measurements;

/** Runs `work`, and says which share of one processor each of `pids` took meanwhile. */
async function shares(pids, work) {
  const [begun, before] = [performance.now(), pids.map(processor)];
  const result = await work();
  const seconds = (performance.now() - begun) / 1_000;
  return { result, shares: pids.map((pid, at) => (processor(pid) - before[at]) / seconds) };
}

async function rounds(measure) {
  const seen = [];
  for (let round = 0; round < ROUNDS; round += 1) seen.push(await measure());
  return seen;
}

const door = await frontDoor();
const server = await Server.start({
  name: "bench-server",
  settings: {
    PITLANE_PUBLIC_URL: door.url,
    PITLANE_HEARTBEAT_EVERY: "5s",
    PITLANE_LATE_AFTER: "10m",
    PITLANE_OFFLINE_AFTER: "20m",
    PITLANE_RATE_PER_SECOND: "100000",
    PITLANE_RATE_BURST: "100000",
    PITLANE_HEARTBEAT_RATE_PER_SECOND: "10000",
    // Every agent and every browser is this one machine here.
    PITLANE_MAX_CONNECTIONS_PER_ADDRESS: "12000",
    PITLANE_LOG_LEVEL: "warn",
  },
});
door.leadsTo = server.port;
const fleet = new LargeFleet(server);
const crowd = new Crowd();
const everyone = [server.pid, process.pid, crowd.pid];
try {
  const viewer = await server.token("viewer");
  const at = { port: server.port, token: viewer };
  const enrolment = await server.enrolmentToken({ multiUse: true });
  row("memory of a server without nodes", mb(memory(server.pid)));

  await fleet.grow(1_000, enrolment);
  const [operator, watcher] = [await server.api(), await server.token("viewer", "watcher")];
  const seen = await fleet.during(200, () => changeToCard(door, operator, watcher, { id: fleet.nodes[0].id, name: "node-00000" }));
  row("one change at the engine → its card painted, 1,000 nodes that beat", `median ${middle(seen)} ms, worst of ${seen.length} ${Math.max(...seen)} ms`, "≤ 50 ms", middle(seen) <= 50);

  const grown = performance.now();
  await fleet.grow(NODES, enrolment);
  row("enrolments, one after another on 32 connections", `${((NODES - 1_000) / ((performance.now() - grown) / 1_000)).toFixed(0)} per second`);
  row(`memory, ${NODES} nodes, nobody looks`, mb(memory(server.pid)));

  const alone = await shares(everyone, () => fleet.storm({ perSecond: USUAL, seconds: 10 }));
  const page = { ...at, path: "/api/v1/nodes?limit=100", perSecond: 200, seconds: 10 };
  const pages = await rounds(() =>
    shares(everyone, () => fleet.during(USUAL, () => crowd.ask("pages", page))),
  );
  const p99 = pages.map(({ result }) => quantile(result, 0.99));
  row(`\`GET /nodes\`, ${NODES} nodes that beat ${USUAL} times a second, one page of 100, 200 requests per second: p99`, several(p99, ms), "≤ 20 ms", middle(p99) <= 20);
  row("its median, and its worst", `${ms(middle(pages.map(({ result }) => quantile(result, 0.5))))}; ${ms(Math.max(...pages.flatMap(({ result }) => result)))}`);
  row("share of a processor then: server, sender of the beats, reader", average(pages.map(({ shares }) => shares)).map(percent).join(", "));

  row("the server's processor time for one such page", ms((average(pages.map(({ shares }) => shares))[0] - alone.shares[0]) * 5));

  await fleet.during(USUAL, () => crowd.ask("open", { ...at, count: BROWSERS }));
  const pagesBeside = await rounds(() => fleet.during(USUAL, async () => quantile(await crowd.ask("pages", page), 0.99)));
  row(`the same with ${BROWSERS} browsers connected: p99`, several(pagesBeside, ms));

  const floods = await rounds(async () => {
    await crowd.ask("read");
    const flood = await shares(everyone, () => fleet.storm({ seconds: 10 }));
    return { ...flood, ...(await crowd.ask("read")) };
  });
  const beats = floods.map(({ result }) => result.perSecond);
  const refused = floods.reduce((sum, { result }) => sum + result.refused, 0);
  const cut = BROWSERS - floods.at(-1).open;
  row(`heartbeats, ${NODES} nodes, ${BROWSERS} browsers connected`, `${several(beats, (value) => value.toFixed(0))} per second; ${refused} refused, ${cut} browsers cut off`, "≥ 5,000 per second", middle(beats) >= 5_000 && refused === 0 && cut === 0);
  row("share of a processor then: server, sender of the beats, browsers", average(floods.map(({ shares }) => shares)).map(percent).join(", "));
  row("to each browser then", `${(middle(floods.map(({ bytes }) => bytes)) / 10_000).toFixed(0)} KB/s`);

  const usual = await shares(everyone, () => fleet.storm({ perSecond: USUAL, seconds: 20 }));
  row(`share of a processor at ${USUAL} beats a second, which is every node every 5 s: server, sender, browsers`, usual.shares.map(percent).join(", "));
  row("to each browser then", `${((await crowd.ask("read")).bytes / 20_000).toFixed(0)} KB/s`);
  const used = memory(server.pid);
  row(`server memory, ${NODES} nodes and ${BROWSERS} browsers`, `${mb(used)}; at most until then ${mb(memory(server.pid, "VmHWM"))}`, "≤ 250 MB", used <= 250e6);

  await fleet.during(USUAL, () => fleet.spread());
  await fleet.storm({ perSecond: USUAL, seconds: 15 });
  row("the same with a connection for each agent", `${mb(memory(server.pid))}; at most until then ${mb(memory(server.pid, "VmHWM"))}`);

  if (SOAK > 0) {
    await fleet.during(USUAL, () => crowd.ask("fallAsleep", { ...at, count: ASLEEP }));
    await crowd.ask("comeAndGo", { ...at, perSecond: 2 });
    const levels = [];
    for (let slept = 0; slept < SOAK; slept += 10) {
      await fleet.storm({ perSecond: USUAL, seconds: 10 });
      levels.push(memory(server.pid));
    }
    await crowd.ask("comeAndGo", { ...at, perSecond: 0 });
    const cut = await fleet.during(USUAL, () => crowd.ask("wakeUp"));
    const [early, late] = [levels.slice(Math.floor(levels.length / 6), Math.ceil(levels.length / 3)), levels.slice(-Math.ceil(levels.length / 6))].map(middle);
    row(`soak: ${SOAK} s at ${USUAL} beats a second, two of the ${BROWSERS} browsers leave and come each second`, `memory ${mb(early)} after a quarter, ${mb(late)} at the end, at most ${mb(Math.max(...levels))}`, "does not grow", late <= early * 1.1);
    row(`browsers that read nothing meanwhile and were cut off, of ${ASLEEP}`, String(cut), "all", cut === ASLEEP);
  }
} finally {
  fleet.close();
  crowd.close();
  door.close();
  await server.stop();
}

if (CRASHES > 0) {
  const args = ["--test", "--test-reporter=spec", "tests/crash/crash.test.mjs", "tests/crash/plan.test.mjs"];
  const ran = await promisify(execFile)(process.execPath, args, { cwd: root, env: { ...process.env, PITLANE_CRASH_ROUNDS: String(CRASHES) } }).catch((error) => error);
  const said = ran.stdout.match(/killed \d+ times; \d+ accepted.*/)?.[0];
  if (ran.code) console.log(ran.stdout);
  row("`kill -9` under a stream of drains and activations", said ?? "did not end", "none lost, none twice", !ran.code && said !== undefined);
}

measurements.put("The server under load",
  `On ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB, load ${loadavg()[1].toFixed(1)}, with the release build. Written by ` +
    "`node tests/bench/server.mjs`, which `make bench` runs. The sender of the beats (one Node process) and the browsers (another; each browser is a socket that reads the event " +
    `stream) share the processors with the server: what they take is said beside. Where there are several figures: the median, and in brackets each of ${ROUNDS} runs of 10 s.`,
);
process.exitCode = measurements.status;
