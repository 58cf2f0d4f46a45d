// Load over plain sockets: Node's own HTTP client takes more of the processor than the server that is measured.
import { connect } from "node:net";

const END = Buffer.from("\r\n\r\n");

/** The bytes of a request. */
export function request(method, path, { port, token, body, headers = [] } = {}) {
  const payload = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const head = [`${method} ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, ...headers];
  if (token) head.push(`authorization: Bearer ${token}`);
  if (payload) head.push("content-type: application/json", `content-length: ${Buffer.byteLength(payload)}`);
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${payload}`);
}

/** A keep-alive connection. Requests may be sent before earlier ones are answered; answers come in the same order. */
export class Connection {
  #waiting = [];
  #pending = Buffer.alloc(0);
  #ended;

  /** `from`: one of this machine's own addresses, else the usual one. */
  static async open(port, from) {
    const connection = new Connection();
    connection.socket = connect({ port, host: "127.0.0.1", localAddress: from });
    connection.socket.setNoDelay(true);
    await new Promise((resolve, reject) => connection.socket.once("connect", resolve).once("error", reject));
    connection.socket.on("data", (chunk) => connection.#read(chunk));
    connection.socket.on("error", (error) => connection.#fail(error));
    connection.socket.on("close", () => connection.#fail(new Error("the server closed the connection")));
    return connection;
  }

  /** Resolves with `{status, body, ms}`. */
  send(bytes) {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject, at: performance.now() });
      this.socket.write(bytes);
    });
  }

  close() {
    this.socket.destroy();
  }

  #read(chunk) {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const end = this.#pending.indexOf(END);
      if (end < 0) return;
      const head = this.#pending.toString("latin1", 0, end).toLowerCase();
      const length = Number(head.match(/content-length: (\d+)/)?.[1] ?? 0);
      const total = end + END.length + length;
      if (this.#pending.length < total) return;
      const { resolve, at } = this.#waiting.shift();
      resolve({ status: Number(head.slice(9, 12)), body: this.#pending.subarray(end + END.length, total), ms: performance.now() - at });
      this.#pending = this.#pending.subarray(total);
    }
  }

  #fail(error) {
    this.#ended = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** An open event stream that reads and counts, as a browser would that keeps up. */
export async function openStream(port, token) {
  const socket = connect(port, "127.0.0.1");
  const stream = { bytes: 0, ended: false, close: () => socket.destroy(), pause: () => socket.pause(), resume: () => socket.resume() };
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.on("error", () => undefined);
  const first = new Promise((resolve) => socket.once("data", resolve));
  socket.on("data", (chunk) => (stream.bytes += chunk.length));
  socket.on("close", () => (stream.ended = true));
  socket.write(request("GET", "/api/v1/events", { port, token }));
  stream.head = (await first).toString("latin1").split("\r\n")[0];
  return stream;
}

/** The value below which `share` (0 to 1) of the values lie. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
