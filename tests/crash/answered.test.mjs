// What was answered is in the log. Each kind of change is asked for, and the server is killed on the first byte of the answer; after the next start the
// activity log must have its entry, once, in the name of whoever asked, and agree with what the engine shows.
// PITLANE_CRASH_ANSWERS says how often each kind is tried: 30 unless told otherwise.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Agent } from "../support/agent.mjs";
import { Api } from "../support/api.mjs";
import { Server } from "../support/server.mjs";
import { until } from "../support/wait.mjs";
import { commandKilledOnTheFirstByte, killedOnTheFirstByte } from "./first-byte.mjs";

const ROUNDS = Number(process.env.PITLANE_CRASH_ANSWERS ?? 30);
const OVERRIDE = { override: { reason: "crash test: nobody waits for the settle window" } };
const DRAIN = { reason: "crash test", acknowledge_unread: true, allow_last_schedulable: true };
const ANY = { "if-match": "*" };
const tomorrow = (minutes = 0) => new Date(Date.now() + 86_400_000 + minutes * 60_000).toISOString();

/** A server with an admin's token, and nodes that have an agent which never beats: whether they do is no matter here. */
class Fleet {
  static async start(t, name, settings = {}) {
    const fleet = new Fleet();
    fleet.server = await Server.start({ name: `crash-${name}`, settings });
    t.after(() => fleet.server.stop());
    fleet.token = await fleet.server.token("admin", "ada");
    fleet.api = new Api(fleet.server.url, fleet.token);
    fleet.enrolmentToken = await fleet.server.enrolmentToken({ multiUse: true });
    fleet.faults = [];
    return fleet;
  }

  async nodes(prefix, count) {
    const agents = Array.from({ length: count }, (_, i) => new Agent(this.server.url, { name: `${prefix}-${i}` }));
    for (const agent of agents) await agent.enroll(this.enrolmentToken);
    return agents;
  }

  /** Drains a node, all the way. */
  async drained(id) {
    const { status, body } = await this.api.call("POST", `/nodes/${id}/drain`, DRAIN, ANY);
    assert.equal(status, 202, JSON.stringify(body));
    await this.stands(id, "maintenance");
  }

  async stands(id, scheduling) {
    await until(`${id} to be ${scheduling}`, async () => {
      const node = await this.api.node(id);
      return node.scheduling === scheduling && node.operation === null;
    });
  }

  /** Asks, is killed, starts again. The request is the admin's unless it brings its own `token`, `null` for none. */
  async killedAfter(request, expected) {
    const status = await killedOnTheFirstByte(this.server, { token: this.token, ...request });
    await this.server.launch();
    assert.equal(status, expected, `${request.method} ${request.path} was answered ${status}`);
  }

  /** Notes a fault unless the log has exactly one entry like this. */
  async hasOne(what, kind, filter, actor = "ada") {
    const entries = (await this.api.activity()).filter((entry) => entry.kind === kind && filter(entry));
    if (entries.length !== 1) this.faults.push(`${what}: ${entries.length} entries`);
    else if (entries[0].actor !== actor) this.faults.push(`${what}: in the name of ${entries[0].actor}`);
  }

  /** Every fault, and whether anybody outside was blamed for what was done here. */
  async verdict(t) {
    const outside = (await this.api.activity()).filter((entry) => entry.actor_kind === "outside");
    t.diagnostic(`${ROUNDS} times; faults ${this.faults.length}`);
    assert.deepEqual(this.faults, []);
    assert.deepEqual(outside.map(({ message }) => message), [], "nobody outside did anything");
  }
}

const rounds = Array.from({ length: ROUNDS }, (_, round) => round);

describe("what was answered is in the log after a kill", { concurrency: 2 }, () => {
  test("a removed node", async (t) => {
    const fleet = await Fleet.start(t, "removal");
    for (const { id, name } of await fleet.nodes("gone", ROUNDS)) {
      await fleet.killedAfter({ method: "DELETE", path: `/nodes/${id}`, headers: ANY }, 200);
      await fleet.hasOne(name, "node_removed", (entry) => entry.node_id === id);
      if ((await fleet.api.call("GET", `/nodes/${id}`)).status !== 404) fleet.faults.push(`${name}: is still there`);
    }
    await fleet.verdict(t);
  });

  test("another reason of a maintenance, and another time", async (t) => {
    const fleet = await Fleet.start(t, "maintenance");
    const [{ id }] = await fleet.nodes("bench", 1);
    await fleet.drained(id);
    for (const round of rounds) {
      const reason = `reason ${round}`;
      await fleet.killedAfter({ method: "PATCH", path: `/nodes/${id}/maintenance`, body: { reason, expected_back_at: tomorrow(round) }, headers: ANY }, 200);
      await fleet.hasOne(reason, "maintenance_changed", (entry) => entry.reason === reason);
      if ((await fleet.api.node(id)).maintenance?.reason !== reason) fleet.faults.push(`${reason}: the engine shows another`);
    }
    await fleet.verdict(t);
  });

  test("a drain, and the activation after it", async (t) => {
    const fleet = await Fleet.start(t, "drain");
    const agents = await fleet.nodes("pit", ROUNDS);
    for (const { id, name } of agents) {
      await fleet.killedAfter({ method: "POST", path: `/nodes/${id}/drain`, body: DRAIN, headers: ANY }, 202);
      await fleet.hasOne(name, "drain_requested", (entry) => entry.node_id === id);
    }
    for (const { id, name } of agents) {
      await fleet.stands(id, "maintenance");
      await fleet.hasOne(name, "drained", (entry) => entry.node_id === id, null);
      await fleet.killedAfter({ method: "POST", path: `/nodes/${id}/activate`, body: OVERRIDE, headers: ANY }, 202);
      await fleet.hasOne(name, "activate_requested", (entry) => entry.node_id === id);
    }
    for (const { id, name } of agents) {
      await fleet.stands(id, "schedulable");
      await fleet.hasOne(name, "activated", (entry) => entry.node_id === id, null);
    }
    await fleet.verdict(t);
  });

  test("a public link, and its end", async (t) => {
    const fleet = await Fleet.start(t, "share");
    for (const { id, name } of await fleet.nodes("shown", ROUNDS)) {
      const links = (entry) => entry.node_id === id;
      await fleet.killedAfter({ method: "POST", path: `/nodes/${id}/share-links`, body: { lifetime: "1d" } }, 201);
      await fleet.hasOne(name, "link_changed", links);
      const [link] = (await fleet.api.get(`/nodes/${id}/share-links`)).links;
      await fleet.killedAfter({ method: "DELETE", path: `/nodes/${id}/share-links/${link.id}` }, 200);
      await fleet.hasOne(`${name}, revoked`, "link_changed", (entry) => links(entry) && entry.message.startsWith("Revoked"));
    }
    await fleet.verdict(t);
  });

  test("a planned drain, another time of it, and its end", async (t) => {
    const fleet = await Fleet.start(t, "plans");
    for (const { id, name } of await fleet.nodes("planned", ROUNDS)) {
      const path = `/nodes/${id}/planned-drain`;
      const of = (entry) => entry.node_id === id;
      await fleet.killedAfter({ method: "POST", path, body: { ...DRAIN, starts_at: tomorrow() }, headers: ANY }, 201);
      await fleet.hasOne(name, "drain_planned", of);
      await fleet.killedAfter({ method: "PATCH", path, body: { starts_at: tomorrow(5) }, headers: ANY }, 200);
      await fleet.hasOne(name, "plan_changed", of);
      await fleet.killedAfter({ method: "DELETE", path, headers: ANY }, 200);
      await fleet.hasOne(name, "plan_cancelled", of);
    }
    await fleet.verdict(t);
  });

  test("many nodes in one go, and that they were stopped", async (t) => {
    // Nodes do not go offline between two starts, however slow the machine is: an activation of one that is offline is refused, and over.
    const fleet = await Fleet.start(t, "bulk", { PITLANE_LATE_AFTER: "10m", PITLANE_OFFLINE_AFTER: "20m" });
    const agents = await fleet.nodes("many", ROUNDS * 2);
    for (const round of rounds) {
      const nodes = agents.slice(round * 2, round * 2 + 2).map(({ id }) => ({ node_id: id, acknowledge_unread: true }));
      const body = { kind: "drain", reason: `wish ${round}`, at_once: 1, allow_last_schedulable: true, nodes };
      await fleet.killedAfter({ method: "POST", path: "/bulk-operations", body }, 202);
      await fleet.hasOne(body.reason, "bulk_changed", (entry) => entry.reason === body.reason);
    }
    // So many that the last one's turn is far away when it is stopped.
    const nodes = agents.map(({ id }) => ({ node_id: id }));
    const told = async (words) => (await fleet.api.activity()).filter(({ kind, message, actor }) => kind === "bulk_changed" && actor === "ada" && message.startsWith(words)).length;
    const toldOnce = async (words, request) => {
      const before = await told(words);
      await fleet.killedAfter({ method: "POST", ...request }, 202);
      const entries = (await told(words)) - before;
      if (entries !== 1) fleet.faults.push(`${words}: ${entries} entries`);
    };
    for (const _ of rounds) {
      const { status, body } = await fleet.api.call("POST", "/bulk-operations", { kind: "activate", at_once: 1, nodes });
      assert.equal(status, 202, JSON.stringify(body));
      const path = `/bulk-operations/${body.data.id}`;
      await toldOnce("Aborted the activation of", { path: `${path}/abort` });
      await until("it to be over", async () => (await fleet.api.get(path)).state === "aborted");
      await toldOnce("Went on with the activation of", { path: `${path}/resume`, body: {} });
      await fleet.api.call("POST", `${path}/abort`);
    }
    await fleet.verdict(t);
  });

  test("somebody who signed in, and out", async (t) => {
    const fleet = await Fleet.start(t, "sign-in");
    for (const round of rounds) {
      const name = `person-${round}`;
      const token = await fleet.server.token("viewer", name);
      await fleet.killedAfter({ method: "POST", path: "/session", body: { token }, token: null }, 200);
      await fleet.hasOne(name, "signed_in", (entry) => entry.actor === name, name);
      const { url } = fleet.server;
      const again = await fetch(`${url}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token }) });
      const cookie = again.headers.get("set-cookie").split(";", 1)[0];
      await fleet.killedAfter({ method: "DELETE", path: "/session", token: null, headers: { cookie, origin: url } }, 200);
      await fleet.hasOne(`${name}, out`, "session_ended", (entry) => entry.actor === name, name);
      if ((await fetch(`${url}/api/v1/session`, { headers: { cookie } })).status !== 401) fleet.faults.push(`${name}: is still signed in`);
    }
    await fleet.verdict(t);
  });

  test("a session that an admin ended", async (t) => {
    const fleet = await Fleet.start(t, "sessions");
    for (const round of rounds) {
      const name = `person-${round}`;
      const token = await fleet.server.token("viewer", name);
      const { url } = fleet.server;
      const opened = await fetch(`${url}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token }) });
      const cookie = opened.headers.get("set-cookie").split(";", 1)[0];
      const { sessions } = await fleet.api.get(`/sessions?name=${name}`);
      await fleet.killedAfter({ method: "DELETE", path: `/sessions/${sessions[0].id}` }, 200);
      const told = (await fleet.api.activity()).filter((entry) => entry.kind === "session_ended" && entry.message.includes(name));
      if (told.length !== 1) fleet.faults.push(`${name}: ${told.length} entries say that the session was ended`);
      if ((await fetch(`${fleet.server.url}/api/v1/session`, { headers: { cookie } })).status !== 401) fleet.faults.push(`${name}: is still signed in`);
    }
    await fleet.verdict(t);
  });

  test("a token that was made, and revoked, by a command that was killed", async (t) => {
    const fleet = await Fleet.start(t, "tokens");
    for (const round of rounds) {
      const name = `script-${round}`;
      const changes = async () => (await fleet.api.activity()).filter((entry) => entry.kind === "token_changed").length;
      const told = async (what, before) => {
        if ((await changes()) !== before + 1) fleet.faults.push(`${name}: ${what}`);
      };
      const first = await changes();
      await commandKilledOnTheFirstByte(fleet.server, "token", "create", "--role", "viewer", "--name", name);
      await told("made", first);
      await commandKilledOnTheFirstByte(fleet.server, "token", "revoke", name);
      await told("revoked", first + 1);
      await commandKilledOnTheFirstByte(fleet.server, "token", "create", "--enroll");
      await told("made for an agent", first + 2);
      await commandKilledOnTheFirstByte(fleet.server, "sign-in-link", "--name", name);
      await told("made as a sign-in link", first + 3);
    }
    await fleet.verdict(t);
  });

  test("an agent that enrolled, and its first beat: the token is spent, and the node was heard", async (t) => {
    const fleet = await Fleet.start(t, "enrolment");
    for (const round of rounds) {
      const name = `host-${round}`;
      const token = await fleet.server.enrolmentToken();
      const agent = new Agent(fleet.server.url, { name });
      const { identity } = agent;
      await fleet.killedAfter({ method: "POST", path: "/agents/enroll", body: { token, ...identity }, token: null }, 200);
      await fleet.hasOne(name, "node_enrolled", (entry) => entry.node_name === name, name);
      const enrolled = (machine) => fleet.api.call("POST", "/agents/enroll", { token, ...identity, machine_id: machine });
      if ((await enrolled("somebody-else")).status !== 401) fleet.faults.push(`${name}: another machine enrolled with its token`);

      // Its answer was lost, and it has not been heard: the same machine may ask again, until its first beat.
      await agent.enroll(token);
      const first = { ...agent.report(), seq: 1 };
      await fleet.killedAfter({ method: "POST", path: "/agents/heartbeat", body: first, token: agent.token }, 200);
      const { health, heartbeat } = await fleet.api.node(agent.id);
      if (["pending", "offline"].includes(health) || heartbeat.state === "never") fleet.faults.push(`${name}: ${health}, ${heartbeat.state}`);
      if ((await enrolled(identity.machine_id)).status === 200) fleet.faults.push(`${name}: its token works again`);
    }
    await fleet.verdict(t);
  });

  test("the last word on an operation that was aborted is what the engine shows", async (t) => {
    const fleet = await Fleet.start(t, "abort");
    const agents = await fleet.nodes("stopped", 4);
    const busy = await fleet.nodes("busy", 8);
    let aborted = 0;
    for (let turn = 0; aborted < ROUNDS && turn < ROUNDS * 8; turn += 1) {
      const { id, name } = agents[turn % agents.length];
      const writers = keptBusy(fleet, busy);
      const status = await abortedDuringItsWrite(fleet, id);
      await writers;
      await fleet.server.launch();
      if (status === 200) aborted += 1;
      await until(`what was accepted of ${name} to be over`, async () => (await fleet.api.node(id)).operation === null);
      const { scheduling } = await fleet.api.node(id);
      const word = lastWord(await fleet.api.activity(`node=${id}`));
      if (word !== scheduling) fleet.faults.push(`${name}: the log ends with ${word}, and it is ${scheduling}`);
    }
    assert.equal(aborted, ROUNDS, "an abort must come in between now and then");
    await fleet.verdict(t);
  });
});

/** Plans are changed all the time, until the server is gone: whoever has to write waits for a turn. */
function keptBusy({ api }, agents) {
  const one = async ({ id }) => {
    for (let minutes = 0; ; minutes += 1) {
      const path = `/nodes/${id}/planned-drain`;
      const { status } = await api.call("PATCH", path, { starts_at: tomorrow(minutes % 1000) }, ANY);
      if (status === 404) await api.call("POST", path, { ...DRAIN, starts_at: tomorrow() }, ANY);
    }
  };
  return Promise.allSettled(agents.map(one));
}

/** Drains or activates a node, and aborts that when the stream tells that it is being written. Killed on the first byte of the answer to the abort. */
async function abortedDuringItsWrite({ server, api, token }, id) {
  const stop = new AbortController();
  const stream = await fetch(`${server.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` }, signal: stop.signal });
  const { scheduling } = await api.node(id);
  const asked = scheduling === "schedulable" ? api.call("POST", `/nodes/${id}/drain`, DRAIN, ANY) : api.call("POST", `/nodes/${id}/activate`, OVERRIDE, ANY);
  asked.catch(() => undefined);
  const operation = await writtenOperation(stream, id);
  stop.abort();
  return killedOnTheFirstByte(server, { method: "POST", path: `/nodes/${id}/operations/${operation}/abort`, token });
}

/** The operation of a node, once the stream tells that it is with the engine, or over. */
async function writtenOperation(stream, id) {
  let text = "";
  for await (const bytes of stream.body) {
    text += Buffer.from(bytes).toString();
    const frames = text.split("\n\n");
    text = frames.pop();
    for (const frame of frames.filter((frame) => frame.includes("event: operation"))) {
      const { operation } = JSON.parse(frame.split("\n").find((line) => line.startsWith("data:")).slice(5));
      if (operation.node_id === id && !["accepted", "guards"].includes(operation.step)) return operation.id;
    }
  }
  throw new Error("the stream ended");
}

/** What the newest entry that says it says of where a node stands; entries come newest first. */
function lastWord(entries) {
  for (const { kind, message } of entries) {
    if (kind === "drained" || message.includes("the engine shows the node in maintenance")) return "maintenance";
    if (kind === "activated" || message.includes("the engine shows the node as schedulable")) return "schedulable";
  }
  return "schedulable";
}
