// Asks the server for something and kills it on the first byte of the answer: whatever the server meant to write down after it had answered is lost.
import { spawn } from "node:child_process";
import { connect } from "node:net";

const ANSWER_WITHIN_MS = 30_000;

/**
 * Sends one request over a connection of its own and kills the server, synchronously, when the first bytes of the answer are there. Resolves with its
 * status once the server is gone.
 */
export async function killedOnTheFirstByte(server, { method, path, body, token, headers = {} }) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const lines = {
    host: new URL(server.url).host,
    connection: "close",
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    "content-length": Buffer.byteLength(text),
    ...headers,
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const { exited, pid } = server;
  const first = await new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => socket.write(`${method} /api/v1${path} HTTP/1.1\r\n${head}\r\n${text}`));
    socket.setTimeout(ANSWER_WITHIN_MS, () => reject(new Error(`${method} ${path} was not answered within ${ANSWER_WITHIN_MS} ms`)));
    socket.once("error", reject);
    socket.once("data", (bytes) => {
      process.kill(pid, "SIGKILL");
      // What ends the connection now is the kill.
      socket.on("error", () => undefined);
      socket.destroy();
      resolve(bytes);
    });
  });
  await exited;
  return Number(first.toString("latin1").split(" ", 2)[1]);
}

/** Runs a command of the binary and kills it on the first byte it prints to standard output. Resolves with that. */
export function commandKilledOnTheFirstByte(server, ...args) {
  const env = { PATH: process.env.PATH, HOME: server.dataDir, PITLANE_DATA_DIR: server.dataDir };
  return new Promise((resolve, reject) => {
    const child = spawn(server.bin, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    let first;
    child.stdout.once("data", (bytes) => {
      first = bytes.toString();
      process.kill(child.pid, "SIGKILL");
    });
    child.once("error", reject);
    child.once("exit", () => (first === undefined ? reject(new Error(`pitlane ${args.join(" ")} printed nothing`)) : resolve(first)));
  });
}
