// A large fleet: enrols thousands of nodes through the real protocol, and beats for them as fast as asked.
import { Connection, request } from "./connection.mjs";

const GIB = 1024 ** 3;
const LANES = 32;
// Beats that are on their way at once, where they are sent as fast as they are answered.
const IN_FLIGHT = 256;

const beatBody = (at, seq, first) => ({
  seq,
  boot_id: `boot-${at}`,
  clock: new Date().toISOString(),
  agent_version: "0.1.0",
  resources: {
    cpu_cores: 8,
    cpu_percent: (at * 7 + seq * 3) % 100,
    memory_total_bytes: 32 * GIB,
    memory_used_bytes: (8 + ((at + seq) % 16)) * GIB,
    disks: [{ role: "root", mount: "/", total_bytes: 512 * GIB, used_bytes: 200 * GIB }],
  },
  docker: { state: "ok", expected: true, version: "28.5.2", detail: "28.5.2" },
  caddy: { state: "ok", expected: true, version: "2.10.0", detail: "2.10.0" },
  ...(first ? { containers: { complete: true, not_read: [], containers: [], orphaned_volumes: [] } } : {}),
});

export class LargeFleet {
  nodes = [];

  /** `labels` and `shape` make nodes differ: the labels of the node at a place, and what it reports. */
  constructor(server, { labels = () => ({}), shape = (body) => body } = {}) {
    this.server = server;
    this.port = server.port;
    this.labels = labels;
    this.shape = shape;
  }

  /** Enrols until there are `count`, and lets each beat once. `token`: a multi-use enrolment token. */
  async grow(count, token) {
    this.lanes ??= await Promise.all(Array.from({ length: LANES }, () => Connection.open(this.port)));
    const from = this.nodes.length;
    await this.#each(count - from, async (lane, index) => {
      const at = from + index;
      const name = `node-${String(at).padStart(5, "0")}`;
      const body = { token, name, machine_id: `machine-${name}`, region: `region-${at % 7}`, agent_version: "0.1.0", labels: this.labels(at) };
      const { status, body: answer } = await lane.send(request("POST", "/api/v1/agents/enroll", { port: this.port, body }));
      if (status !== 200 && status !== 201) throw new Error(`enrolment was answered ${status}: ${answer}`);
      const { node_id: id, agent_token: agentToken } = JSON.parse(answer).data;
      this.nodes[at] = { id, token: agentToken, seq: 0 };
      await this.#beat(lane, at, true);
    });
  }

  /** Beats at `perSecond` as long as `work` goes on, and resolves with what it gives back. */
  async during(perSecond, work) {
    let over = false;
    const storm = this.storm({ perSecond, over: () => over });
    const result = await work().finally(() => (over = true));
    await storm;
    return result;
  }

  /**
   * Beats for all nodes in turn at `perSecond` for `seconds` or until it is `over`; without `perSecond` as fast as the server answers. Resolves with beats per second
   * and refusals.
   */
  async storm({ perSecond, seconds = Infinity, over = () => false, nodes = this.nodes.length }) {
    const begun = performance.now();
    const end = begun + seconds * 1_000;
    let next = 0;
    let answered = 0;
    let refused = 0;
    const beat = async () => {
      const at = next++;
      const status = await this.#beat(this.lanes[at % this.lanes.length], at % nodes, false);
      answered += 1;
      if (status !== 200) refused += 1;
    };
    if (perSecond) {
      const answers = [];
      while (performance.now() < end && !over()) {
        const due = ((performance.now() - begun) / 1_000) * perSecond;
        while (next < due) answers.push(beat());
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      await Promise.all(answers);
    } else {
      const flood = async () => {
        while (performance.now() < end) await beat();
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, flood));
    }
    return { perSecond: answered / ((performance.now() - begun) / 1_000), refused };
  }

  /** From now on there is a connection for each node, as there is for each agent. */
  async spread() {
    while (this.lanes.length < this.nodes.length) {
      const some = Math.min(100, this.nodes.length - this.lanes.length);
      this.lanes.push(...(await Promise.all(Array.from({ length: some }, () => Connection.open(this.port)))));
    }
  }

  close() {
    for (const lane of this.lanes ?? []) lane.close();
  }

  async #beat(lane, at, first) {
    const node = this.nodes[at];
    node.seq += 1;
    const body = this.shape(beatBody(at, node.seq, first), at);
    const { status, body: answer } = await lane.send(request("POST", "/api/v1/agents/heartbeat", { port: this.port, token: node.token, body }));
    if (first && status !== 200) throw new Error(`a heartbeat was answered ${status}: ${answer}`);
    return status;
  }

  async #each(count, work) {
    let next = 0;
    await Promise.all(
      this.lanes.map(async (lane) => {
        while (next < count) await work(lane, next++);
      }),
    );
  }
}
