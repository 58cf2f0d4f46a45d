// Real agents beside a real swarm: heartbeat, containers that were started by hand, and the volume that is left behind when a host reboots.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
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

/** An image of the binary under test on every node, made of it and the libraries it is linked with: the lab has no registry. */
async function image() {
  const scratch = mkdtempSync(join(folder(), "image-"));
  const run = promisify(execFile);
  const { stdout } = await run("ldd", [binary()]);
  const libraries = stdout.split("\n").map((line) => line.match(/(\/\S+) \(0x/)?.[1]).filter(Boolean);
  const tree = join(scratch, "root");
  for (const file of libraries) await run("install", ["-D", realpathSync(file), join(tree, file)]);
  await run("install", ["-D", binary(), join(tree, "bin/pitlane")]);
  await run("install", ["-D", "/bin/busybox", join(tree, "bin/busybox")]);
  for (const applet of ["sh", "cat"]) symlinkSync("busybox", join(tree, "bin", applet));
  const tar = join(scratch, "image.tar");
  await run("tar", ["-C", tree, "-cf", tar, "."]);
  for (const number of [1, 2, 3]) await docker(number, "import", "-c", "ENV PATH=/bin", tar, "pitlane:lab");
  rmSync(scratch, { recursive: true });
  return "pitlane:lab";
}

test("the stack file puts an agent on every node, and each enrols as its own", { timeout: 180_000 }, async () => {
  await restore();
  const file = join(root, "deploy/swarm/pitlane-agent.yml");
  let port = 0;
  const entrance = await door(() => port);
  const url = `http://10.77.0.254:${entrance.address().port}`;
  const server = await Server.start({ name: "swarm-stack", settings: { ...onSwarm(), PITLANE_PUBLIC_URL: url } });
  port = server.port;
  const secret = join(folder(), "enrol-token");
  try {
    const token = (await server.command("token", "create", "--enroll", "--multi-use")).trim().split(/\s+/).at(-1);
    writeFileSync(secret, `${token}\n`);
    await docker(1, "secret", "create", "pitlane_enrol", secret);
    process.env.PITLANE_IMAGE = await image();
    process.env.PITLANE_SERVER = url;
    await docker(1, "stack", "deploy", "-c", file, "--resolve-image", "never", "pitlane");
    const api = await server.api();
    const node = async (name) => (await api.get("/nodes")).nodes.find((node) => node.name === name);
    for (const name of ["n1", "n2", "n3"]) {
      await until(`the heartbeat of ${name}`, async () => (await node(name)).heartbeat.state === "fresh", { timeout: 60_000 });
      const { engine_node_id, signals, resources, id } = await node(name);
      assert.equal(engine_node_id, await docker(Number(name[1]), "info", "--format", "{{.Swarm.NodeID}}"));
      assert.ok(signals.some(({ kind, state }) => kind === "docker" && state === "ok"), `${name} reads its Docker: ${JSON.stringify(signals)}`);
      assert.ok(resources.disks.length > 0, `${name} reads its disks`);
      const own = await until("the agent's own task", async () => {
        const list = await api.get(`/nodes/${id}/workloads`);
        return list.complete && list.workloads.find(({ name }) => name === "pitlane_agent");
      }, { timeout: 30_000 });
      assert.deepEqual([own.stateful, own.belongs_to_node], [false, true], "its token is no workload's data");
    }
  } finally {
    await docker(1, "stack", "rm", "pitlane").catch(() => undefined);
    await until("the secret to be free", async () => (await docker(1, "secret", "rm", "pitlane_enrol"), true));
    rmSync(secret, { force: true });
    await server.stop();
    await new Promise((resolve) => entrance.close(resolve));
  }
});
