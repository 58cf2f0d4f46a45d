// Those who read: event streams as 200 browsers hold them, and pages of nodes at a steady rate. A process of its own, so that neither waits for who sends
// the beats, and so that its share of the processors is known apart. `Crowd` is the handle; the rest of the file is what runs in the child.
import { fork } from "node:child_process";
import { Connection, openStream, request } from "./connection.mjs";

export class Crowd {
  #child = fork(import.meta.filename, { env: { ...process.env, PITLANE_BENCH_CROWD: "1" } });

  /** Runs one of `work` below in the child, and resolves with what it gives back. One at a time. */
  ask(what, asked = {}) {
    return new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`the crowd ended with ${code} while it was asked for ${what}`));
      this.#child.once("exit", ended);
      this.#child.once("message", ({ error, answer }) => {
        this.#child.off("exit", ended);
        if (error) reject(new Error(error));
        else resolve(answer);
      });
      this.#child.send({ what, asked });
    });
  }

  get pid() {
    return this.#child.pid;
  }

  close() {
    this.#child.kill();
  }
}

const streams = [];
const deaf = [];
let coming = 0;

async function join({ port, token }) {
  const stream = await openStream(port, token);
  if (!/ 200 /.test(stream.head)) throw new Error(`a stream was refused: ${stream.head}`);
  streams.push(stream);
}

const work = {
  /** So many streams more. */
  async open({ port, token, count }) {
    for (let at = 0; at < count; at += 1) await join({ port, token });
  },

  /** From now on so many streams a second end and others begin, in turn; none a second ends it. */
  async comeAndGo({ port, token, perSecond }) {
    clearInterval(coming);
    if (perSecond === 0) return;
    coming = setInterval(() => {
      streams.shift()?.close();
      join({ port, token }).catch((error) => process.send({ error: String(error) }));
    }, 1_000 / perSecond);
  },

  /** Streams that are open and are not read. */
  async fallAsleep({ port, token, count }) {
    for (let at = 0; at < count; at += 1) {
      const stream = await openStream(port, token);
      stream.pause();
      deaf.push(stream);
    }
  },

  /** How many of them find, when they read again, that the server has cut them off. */
  async wakeUp() {
    for (const stream of deaf) stream.resume();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const cut = deaf.filter((stream) => stream.ended).length;
    for (const stream of deaf.splice(0)) stream.close();
    return cut;
  },

  /** Bytes each has read on average since this was asked last, and how many are still open. */
  async read() {
    const bytes = streams.reduce((sum, stream) => sum + stream.bytes, 0) / Math.max(1, streams.length);
    for (const stream of streams) stream.bytes = 0;
    return { bytes, open: streams.filter((stream) => !stream.ended).length };
  },

  /** Milliseconds of each request of `path`, sent at `perSecond` however long earlier ones take, and counted from when it was due. */
  async pages({ port, token, path, perSecond, seconds }) {
    const lanes = await Promise.all(Array.from({ length: 16 }, () => Connection.open(port)));
    const bytes = request("GET", path, { port, token });
    const times = [];
    const answers = [];
    const begun = performance.now();
    while (answers.length < perSecond * seconds) {
      const due = begun + (answers.length * 1_000) / perSecond;
      if (performance.now() < due) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      const late = performance.now() - due;
      answers.push(lanes[answers.length % lanes.length].send(bytes).then(({ status, ms }) => times.push(status === 200 ? late + ms : Infinity)));
    }
    await Promise.all(answers);
    for (const lane of lanes) lane.close();
    return times;
  },
};

if (process.env.PITLANE_BENCH_CROWD) {
  process.on("message", async ({ what, asked }) => {
    try {
      process.send({ answer: (await work[what](asked)) ?? null });
    } catch (error) {
      process.send({ error: error.stack });
    }
  });
  // Whoever started it is gone.
  process.on("disconnect", () => process.exit(0));
}
