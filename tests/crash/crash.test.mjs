// kill -9 of the server at random moments under a stream of drains and activations: nothing that was accepted is lost, nothing happens twice.
// PITLANE_CRASH_ROUNDS says how often it is killed: 8 in `make test`, 50 in `make bench`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { container } from "../support/agent.mjs";
import { Server } from "../support/server.mjs";
import { until } from "../support/wait.mjs";
import { drainAndActivate, judge } from "./stream.mjs";

const ROUNDS = Number(process.env.PITLANE_CRASH_ROUNDS ?? 8);
const NODES = 6;

test("the judge notices a lost, a doubled and an unasked operation", () => {
  const accepted = [{ id: "a", kind: "drain", node: "n" }, { id: "b", kind: "activate", node: "n" }];
  const entry = (id, kind, operation_id) => ({ id, kind, operation_id, node_id: "n", message: "" });
  const fine = [entry(1, "drain_requested", "a"), entry(2, "drained", "a"), entry(3, "activate_requested", "b"), entry(4, "activated", "b")];
  const clean = judge(accepted, fine);
  assert.deepEqual([clean.lost.length, clean.doubled.length, clean.disorder.length], [0, 0, 0]);
  assert.equal(judge(accepted, fine.slice(0, 3)).lost.length, 1);
  assert.equal(judge(accepted, [...fine, entry(5, "activated", "b")]).doubled.length, 1);
  assert.equal(judge(accepted, [...fine, entry(5, "drained", "c")]).doubled.length, 1);
  assert.equal(judge(accepted, [...fine, entry(5, "activated", "c")]).disorder.length, 1);
});

test(`kill -9, ${ROUNDS} times, under a stream of drains and activations`, async (t) => {
  const server = await Server.start({ name: "crash" });
  t.after(() => server.stop());
  const api = await server.api();
  const agents = [];
  for (let i = 1; i <= NODES; i += 1) {
    agents.push(await server.agent({ name: `crash-${i}`, containers: [container({ service: "db", volumes: [`data-${i}`] })] }));
  }

  const accepted = [];
  const refused = [];
  let stopped = false;
  const streams = await Promise.all(
    agents.map(async ({ id }) => {
      const preview = await until("the containers to be known", async () => {
        const preview = await api.get(`/nodes/${id}/drain-preview`);
        return preview.complete && preview;
      });
      const identities = preview.stateful.map((workload) => workload.identity);
      return () => drainAndActivate({ api, node: id, identities, accepted, refused, stopped: () => stopped });
    }),
  );
  const running = Promise.all(streams.map((stream) => stream()));

  for (let round = 0; round < ROUNDS; round += 1) {
    // A random number of acceptances after the last start, then a random moment within some milliseconds of one.
    const mark = accepted.length + 1 + Math.floor(Math.random() * 12);
    await until(`operation ${mark} to be accepted`, () => accepted.length >= mark || refused.length > 0, { timeout: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
    await server.kill();
    await server.launch();
  }
  stopped = true;
  await running;

  assert.deepEqual(refused, [], "a repeated request must be answered like the first one");
  const entries = await until("every accepted operation to be in the activity log", async () => {
    const entries = await api.activity();
    return judge(accepted, entries).lost.length === 0 && entries;
  }).catch(() => api.activity());
  const { lost, doubled, disorder } = judge(accepted, entries);
  const drains = accepted.filter(({ kind }) => kind === "drain").length;
  const resumed = entries.filter(({ kind }) => kind === "operation_resumed").length;
  t.diagnostic(
    `killed ${ROUNDS} times; ${accepted.length} accepted (${drains} drains, ${accepted.length - drains} activations), ` +
      `${resumed} resumed after a restart; lost ${lost.length}, doubled ${doubled.length}`,
  );
  assert.deepEqual(lost, [], "accepted and never confirmed");
  assert.deepEqual(doubled, [], "happened twice, or was never accepted");
  assert.deepEqual(disorder, [], "two drains or two activations in a row on one node");
});

test("kill -9, again and again, while many nodes are drained in one go", async (t) => {
  const server = await Server.start({ name: "crash-bulk" });
  t.after(() => server.stop());
  const api = await server.api();
  const agents = [];
  for (let i = 1; i <= NODES; i += 1) agents.push(await server.agent({ name: `bulk-${i}` }));
  const body = {
    kind: "drain",
    reason: "crash test",
    at_once: 2,
    allow_last_schedulable: true,
    nodes: agents.map(({ id }) => ({ node_id: id, acknowledge_unread: true })),
  };
  const { status, body: answer } = await api.call("POST", "/bulk-operations", body, { "idempotency-key": "one-wish" });
  assert.equal(status, 202, JSON.stringify(answer));
  const look = () => api.get(`/bulk-operations/${answer.data.id}`);
  let kills = 0;
  for (const _ of agents) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
    await server.kill();
    kills += 1;
    await server.launch();
    if ((await look()).state !== "running") break;
  }
  const done = await until("the bulk operation to be over", async () => {
    const bulk = await look();
    return bulk.state !== "running" && bulk;
  }, { timeout: 60_000 });
  t.diagnostic(`killed ${kills} times; ${done.items.map(({ state, attempt }) => `${state} (${attempt})`).join(", ")}`);
  assert.equal(done.state, "completed", JSON.stringify(done));
  assert.deepEqual(done.items.map(({ state }) => state), agents.map(() => "done"));
  const again = await api.call("POST", "/bulk-operations", body, { "idempotency-key": "one-wish" });
  assert.equal(again.body.data.id, answer.data.id, "the repeated wish is the same one");
  const accepted = done.items.map(({ operation_id, node_id }) => ({ id: operation_id, kind: "drain", node: node_id }));
  const { lost, doubled, disorder } = judge(accepted, await api.activity());
  assert.deepEqual([lost, doubled, disorder], [[], [], []]);
});
