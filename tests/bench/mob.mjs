// Strangers who mean harm, on loopback only: five kinds of connections, each begun again when the server ends it. A process of its own, so that its share of the
// processors is known apart. `Mob` is the handle; the rest of the file is what runs in the child.
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";

export class Mob {
  #child = fork(import.meta.filename, { env: { ...process.env, PITLANE_BENCH_MOB: "1" } });

  get pid() {
    return this.#child.pid;
  }

  /** Begins `each` connections of each kind. `from`: the address they come from, else each kind has fifty of its own. */
  attack({ port, each, from }) {
    this.#child.send({ port, each, from });
  }

  /** Ends them. Resolves with what came of each kind: how often it connected, how often it was answered, by status. */
  stop() {
    return new Promise((resolve) => {
      this.#child.once("message", resolve);
      this.#child.send({ stop: true });
    });
  }

  close() {
    this.#child.kill();
  }
}

const DRIP = 200;
const AGAIN = 100;
const BEAT = 4 << 20;
const host = (port) => `host: 127.0.0.1:${port}\r\n`;

/** What each kind does with an open socket; resolves nothing, ends with the socket. */
const kinds = {
  silent() {},
  slowHead(socket, port) {
    drip(socket, `GET /api/v1/fleet HTTP/1.1\r\n${host(port)}x-long: ${"x".repeat(10_000)}`);
  },
  slowBody(socket, port) {
    socket.write(`POST /api/v1/session HTTP/1.1\r\n${host(port)}content-type: application/json\r\ncontent-length: 2000\r\n\r\n`);
    drip(socket, `{"code":"${"x".repeat(2_000)}`);
  },
  beats(socket, port) {
    socket.write(`POST /api/v1/agents/heartbeat HTTP/1.1\r\n${host(port)}content-type: application/json\r\ncontent-length: ${BEAT}\r\n\r\n`);
    socket.write(Buffer.alloc(BEAT, "[".charCodeAt(0)));
  },
  bearers(socket, port) {
    const ask = () => socket.write(`GET /api/v1/nodes HTTP/1.1\r\n${host(port)}authorization: Bearer pl_${randomBytes(16).toString("hex")}\r\n\r\n`);
    ask();
    socket.on("data", ask);
  },
};

function drip(socket, text) {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++ % text.length]), DRIP);
  socket.once("close", () => clearInterval(timer));
}

const open = new Set();
const seen = {};
let over = false;

function keep(kind, { port, from, slot }) {
  if (over) return;
  const localAddress = from ?? `127.0.${1 + Object.keys(kinds).indexOf(kind)}.${1 + (slot % 50)}`;
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  open.add(socket);
  socket.once("connect", () => {
    seen[kind].connected += 1;
    kinds[kind](socket, port);
  });
  socket.on("data", (chunk) => {
    const status = chunk.toString("latin1", 0, 12).match(/^HTTP\/1.1 (\d+)/)?.[1];
    if (status) seen[kind][status] = (seen[kind][status] ?? 0) + 1;
  });
  socket.on("error", () => undefined);
  socket.once("close", () => {
    open.delete(socket);
    setTimeout(keep, AGAIN, kind, { port, from, slot });
  });
}

if (process.env.PITLANE_BENCH_MOB) {
  process.on("message", ({ stop, each, port, from }) => {
    if (stop) {
      over = true;
      for (const socket of open) socket.destroy();
      process.send({ ...seen });
      return;
    }
    over = false;
    for (const kind of Object.keys(kinds)) {
      seen[kind] = { connected: 0 };
      for (let slot = 0; slot < each; slot += 1) keep(kind, { port, from, slot });
    }
  });
  // Whoever started it is gone.
  process.on("disconnect", () => process.exit(0));
}
