// Real agents beside a real swarm: heartbeat, containers that were started by hand, and the volume that is left behind when a host reboots.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { binary, root } from "../../support/paths.mjs";
import { Server } from "../../support/server.mjs";
import { until } from "../../support/wait.mjs";
import { docker, folder, lab, onSwarm, restore, service, socket } from "./swarm.mjs";

/** The bridge's own address: what the nodes reach of the lab. The server listens on loopback, as it does behind a proxy. */
async function door(port) {
  const server = createServer((near) => {
    const far = createConnection(port(), "127.0.0.1");
    for (const end of [near, far]) end.on("error", () => (near.destroy(), far.destroy()));
    near.pipe(far).pipe(near);
  });
  await new Promise((resolve) => server.listen(0, "10.77.0.254", resolve));
  return server;
}

/** `pitlane agent` in a node's own network, talking to that node's engine. */
function agent(number, url, token) {
  const state = mkdtempSync(join(folder(), "agent-"));
  const script = join(import.meta.dirname, "lab.sh");
  const child = spawn(script, ["in", String(number), binary(), "agent"], {
    env: {
      ...process.env,
      PITLANE_SERVER: url,
      PITLANE_TOKEN: token,
      PITLANE_STATE_DIR: state,
      PITLANE_NODE_NAME: `n${number}`,
      PITLANE_MACHINE_ID: `machine-n${number}`,
      PITLANE_DOCKER: socket(number),
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return {
    async stop() {
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        process.kill(child.pid, "SIGTERM");
        await ended;
      }
      rmSync(state, { recursive: true, force: true });
    },
  };
}

test("agents add what Swarm does not know, and find the data that a reboot left behind", { timeout: 180_000 }, async () => {
  await restore();
  let port = 0;
  const entrance = await door(() => port);
  const url = `http://10.77.0.254:${entrance.address().port}`;
  const server = await Server.start({ name: "swarm-agents", settings: { ...onSwarm(), PITLANE_PUBLIC_URL: url } });
  port = server.port;
  const agents = [];
  try {
    const token = (await server.command("token", "create", "--enroll", "--multi-use")).trim().split(/\s+/).at(-1);
    for (const number of [1, 2, 3]) agents.push(agent(number, url, token));
    const api = await server.api();
    const node = async (name) => (await api.get("/nodes")).nodes.find((node) => node.name === name);
    for (const name of ["n1", "n2", "n3"]) {
      await until(`the heartbeat of ${name}`, async () => (await node(name)).heartbeat.state === "fresh", { timeout: 30_000 });
    }
    const worker = await node("n2");
    assert.equal(worker.engine_node_id, await docker(2, "info", "--format", "{{.Swarm.NodeID}}"), "bound to Swarm's own id of the node");
    assert.ok(worker.resources.disks.length > 0, "disks come from the agent");
    assert.ok(worker.signals.some(({ kind, state }) => kind === "docker" && state === "ok"));

    // Started by hand, and seen.
    const [here] = await service("mail", "--constraint", "node.role==worker", "--mount", "type=volume,source=mail_spool,target=/data");
    const number = Number(here.slice(1));
    const id = (await node(here)).id;
    await docker(number, "run", "-d", "--name", "backup", "-v", "dumps:/dumps", "--network", "none", "lab:1");
    const list = await until("the container that was started by hand", async () => {
      const list = await api.get(`/nodes/${id}/workloads`);
      return list.complete && list.workloads.some(({ name }) => name === "backup") && list;
    }, { timeout: 30_000 });
    assert.deepEqual(list.workloads.map(({ name, stateful }) => [name, stateful]).sort(), [["backup", true], ["mail.1", true]]);

    // The host goes away; Swarm starts mail elsewhere, empty; the host comes back with the data.
    await lab("crash", String(number));
    const other = number === 2 ? "n3" : "n2";
    await until("mail on the other worker", async () => (await docker(1, "service", "ps", "mail", "--filter", "desired-state=running", "--format", "{{.Node}} {{.CurrentState}}")).startsWith(`${other} Running`), { timeout: 60_000 });
    await until("the node to be offline", async () => (await node(here)).health === "offline", { timeout: 60_000 });
    await lab("start", String(number));
    await until("the node to be back", async () => (await node(here)).health === "healthy", { timeout: 60_000 });
    const said = `The data of mail_spool is still here, and mail now runs empty on ${other}.`;
    const after = await until("the words about the data that is left", async () => {
      const list = await api.get(`/nodes/${id}/workloads`);
      return list.complete && list.notes.includes(said) && list;
    }, { timeout: 30_000 });
    assert.ok(after.complete);
    const clear = await api.get(`/nodes/${id}/clear-for-work`);
    assert.equal(clear.clear, false, "a host with the only good copy is not clear for destructive work");
  } finally {
    await Promise.all(agents.map((agent) => agent.stop()));
    await server.stop();
    await new Promise((resolve) => entrance.close(resolve));
  }
});

test("the stack file is one that Docker takes", { timeout: 60_000 }, async () => {
  await restore();
  const file = join(root, "deploy/swarm/pitlane-agent.yml");
  assert.match(readFileSync(file, "utf8"), /mode: global/);
  process.env.PITLANE_IMAGE = "lab:1";
  process.env.PITLANE_SERVER = "http://10.77.0.254:1";
  await docker(1, "secret", "rm", "pitlane_enrol").catch(() => undefined);
  const secret = join(folder(), "enrol-token");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(secret, "token");
  await docker(1, "secret", "create", "pitlane_enrol", secret);
  try {
    await docker(1, "stack", "deploy", "-c", file, "--resolve-image", "never", "pitlane");
    const mode = await docker(1, "service", "ls", "--filter", "name=pitlane_agent", "--format", "{{.Mode}}");
    assert.equal(mode, "global");
  } finally {
    await docker(1, "stack", "rm", "pitlane");
    await until("the secret to be free", async () => (await docker(1, "secret", "rm", "pitlane_enrol"), true));
    rmSync(secret);
  }
});
