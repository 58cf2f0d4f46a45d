// Starts the real `pitlane serve` on a free port with a data folder of its own, reads the printed sign-in link, and ends it by its process id. Short
// windows are settings of the server, so that stories run in seconds; nothing in it is replaced.
import { execFile, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Agent } from "./agent.mjs";
import { Api } from "./api.mjs";
import { binary, out } from "./paths.mjs";
import { until } from "./wait.mjs";

const run = promisify(execFile);

/** Windows that let a story see late, offline and settled within seconds. */
export const SHORT = {
  PITLANE_HEARTBEAT_EVERY: "1s",
  PITLANE_LATE_AFTER: "2s",
  PITLANE_OFFLINE_AFTER: "4s",
  PITLANE_SETTLE: "2s",
  PITLANE_RETRY_MAX: "2s",
  PITLANE_RATE_PER_SECOND: "5000",
  PITLANE_RATE_BURST: "5000",
  PITLANE_HEARTBEAT_RATE_PER_SECOND: "100",
};

/** Who works on the console shows its last build without building the server: `scripts/console.sh dev`. */
const consoleAtHand = () => (process.env.PITLANE_CONSOLE_DIR ? { PITLANE_CONSOLE_DIR: process.env.PITLANE_CONSOLE_DIR } : {});

/** A port that was free a moment ago. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve, reject) => probe.once("listening", resolve).once("error", reject));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export class Server {
  #child;
  #log;
  #agents = [];
  #reader;
  printed = "";

  constructor({ settings = {}, name = "server", bin = binary() } = {}) {
    this.bin = bin;
    this.dataDir = mkdtempSync(join(tmpdir(), "pitlane-test-"));
    this.settings = { ...SHORT, PITLANE_FLEET_NAME: "test-eu", ...settings };
    this.#log = createWriteStream(join(out, `${name}.log`));
  }

  static async start(options) {
    const server = new Server(options);
    server.port = await freePort();
    server.url = `http://127.0.0.1:${server.port}`;
    await server.launch();
    return server;
  }

  /** Starts the process; also after `kill`, on the same port and data. */
  async launch() {
    this.printed = "";
    this.#child = spawn(this.bin, ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.dataDir, "--print-link", "always"], {
      env: { PATH: process.env.PATH, HOME: this.dataDir, ...consoleAtHand(), ...this.settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const child = this.#child;
    this.exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    child.stdout.on("data", (chunk) => {
      this.printed += chunk;
      this.#log.write(chunk);
    });
    child.stderr.on("data", (chunk) => this.#log.write(chunk));
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(`pitlane serve ended with ${code ?? signal} before it was ready; see ${this.#log.path}`);
    });
    ended.catch(() => undefined);
    const ready = until("the server to be ready", async () => (await fetch(`${this.url}/readyz`)).ok, { timeout: 30_000 });
    await Promise.race([ready, ended]);
  }

  get pid() {
    return this.#child.pid;
  }

  /** The one-time link that was printed at start. */
  signInLink() {
    return until("the printed sign-in link", () => this.printed.match(/https?:\/\/\S+\/sign-in#\S+/)?.[0]);
  }

  /** Runs another command of the binary against this server's data folder. Resolves with what it wrote to standard output. */
  async command(...args) {
    const env = { PATH: process.env.PATH, HOME: this.dataDir, PITLANE_DATA_DIR: this.dataDir };
    return (await run(this.bin, args, { env })).stdout.trim();
  }

  /** A bearer token for a role. */
  token(role, name = `test-${role}`) {
    return this.command("token", "create", "--role", role, "--name", name);
  }

  /** An enrolment token for one agent, or for any number of them. */
  enrolmentToken({ multiUse = false } = {}) {
    return this.command("token", "create", "--enroll", ...(multiUse ? ["--multi-use"] : []));
  }

  async api(role = "operator", name = undefined) {
    return new Api(this.url, await this.token(role, name));
  }

  /** An enrolled agent that beats and whose node is confirmed; with `beat: false` one that never beat, so that its node is pending. */
  async agent(description) {
    const agent = new Agent(this.url, description);
    await agent.enroll(await this.enrolmentToken());
    this.#agents.push(agent);
    if (description.beat === false) return agent;
    agent.start();
    this.#reader ??= await this.api("viewer", "fixture");
    await until(`${description.name} to be confirmed`, async () => (await this.#reader.node(agent.id)).health !== "pending");
    return agent;
  }

  /** As a power cut: no chance to tidy up. */
  async kill() {
    process.kill(this.pid, "SIGKILL");
    await this.exited;
  }

  /** Ends agents and server, and removes the data. Resolves with how the server ended. */
  async stop() {
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(this.pid, "SIGTERM");
    const ended = await this.exited;
    this.#log.end();
    rmSync(this.dataDir, { recursive: true, force: true });
    return ended;
  }
}
