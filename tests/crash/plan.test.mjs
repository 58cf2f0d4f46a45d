// kill -9 of the server around the time at which drains are planned to begin: none is lost, none happens twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Server } from "../support/server.mjs";
import { until } from "../support/wait.mjs";
import { judge } from "./stream.mjs";

const NODES = 5;

test("kill -9, again and again, while planned drains begin", async (t) => {
  const server = await Server.start({ name: "crash-plan" });
  t.after(() => server.stop());
  const api = await server.api();
  const agents = [];
  for (let i = 1; i <= NODES; i += 1) agents.push(await server.agent({ name: `plan-${i}` }));
  const first = Date.now() + 2_000;
  for (const [i, { id }] of agents.entries()) {
    const body = { reason: "crash test", starts_at: new Date(first + i * 300).toISOString(), acknowledge_unread: true, allow_last_schedulable: true };
    const { status, body: answer } = await api.call("POST", `/nodes/${id}/planned-drain`, body, { "if-match": "*" });
    assert.equal(status, 201, JSON.stringify(answer));
  }
  await until("the first one to begin", async () => (await api.activity()).some(({ kind }) => kind === "plan_started"));
  let kills = 0;
  for (const _ of agents) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    await server.kill();
    kills += 1;
    await server.launch();
  }
  const entries = await until("every planned drain to be done", async () => {
    const entries = await api.activity();
    return entries.filter(({ kind }) => kind === "drained").length === NODES && entries;
  }, { timeout: 60_000 });
  const of = (kind) => entries.filter((entry) => entry.kind === kind);
  t.diagnostic(`killed ${kills} times; ${of("drain_planned").length} planned, ${of("plan_started").length} begun, ${of("drained").length} drained`);
  assert.deepEqual((await api.get("/planned-drains")).plans, []);
  assert.deepEqual([of("drain_planned").length, of("plan_started").length, of("plan_missed").length], [NODES, NODES, 0]);
  const accepted = of("plan_started").map(({ operation_id, node_id }) => ({ id: operation_id, kind: "drain", node: node_id }));
  assert.equal(new Set(accepted.map(({ node }) => node)).size, NODES, "one of each node");
  const { lost, doubled, disorder } = judge(accepted, entries);
  assert.deepEqual([lost, doubled, disorder], [[], [], []]);
});
