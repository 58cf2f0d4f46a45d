// An agent of a made-up node, speaking the real protocol (POST /agents/enroll and /agents/heartbeat) to the real server. What it reports is what the
// test sets; when it beats is what the test says. It knows nothing of the browser.
import { beatPause } from "./wait.mjs";

const GIB = 1024 ** 3;

/** A container as Docker would show it. `volumes`: names of local volumes; `networkVolumes`: names of volumes on NFS. */
export function container({ project = "shop", service, index = 1, volumes = [], networkVolumes = [], state = "running" }) {
  const mount = (name, options) => ({
    kind: "volume",
    name,
    source: `/var/lib/docker/volumes/${name}/_data`,
    destination: `/data/${name}`,
    writable: true,
    driver: "local",
    driver_options: options,
  });
  return {
    id: `${project}-${service}-${index}-id`,
    name: `${project}-${service}-${index}`,
    image: `${service}:1`,
    state,
    since: new Date(Date.now() - 3_600_000).toISOString(),
    labels: {
      "com.docker.compose.project": project,
      "com.docker.compose.service": service,
      "com.docker.compose.container-number": String(index),
    },
    mounts: [
      ...volumes.map((name) => mount(name, {})),
      ...networkVolumes.map((name) => mount(name, { type: "nfs", o: "addr=10.0.0.9", device: ":/export" })),
    ],
    restart_policy: "unless-stopped",
    auto_remove: false,
  };
}

export class Agent {
  #beating;
  #abort = new AbortController();

  constructor(url, { name, region = "eu-central", labels = {}, containers = [], overlayIp = "10.4.0.11", version = "0.1.0", simulated = false }) {
    this.url = url;
    this.name = name;
    this.identity = { name, machine_id: `machine-${name}`, region, labels, overlay_ip: overlayIp, agent_version: version, simulated };
    this.seq = 0;
    this.bootId = `boot-${name}-1`;
    this.docker = { state: "ok", expected: true, version: "28.5.2", detail: "28.5.2" };
    this.caddy = { state: "ok", expected: true, version: "2.10.0", detail: "2.10.0" };
    this.resources = {
      cpu_cores: 8,
      cpu_percent: 41,
      memory_total_bytes: 32 * GIB,
      memory_used_bytes: 18 * GIB,
      disks: [{ role: "root", mount: "/", total_bytes: 512 * GIB, used_bytes: 300 * GIB }],
    };
    this.containers = { complete: true, not_read: [], containers, orphaned_volumes: [] };
  }

  /** Binds this agent to a node. `token`: an enrolment token. */
  async enroll(token) {
    const answer = await this.#post("enroll", { token, ...this.identity });
    this.id = answer.node_id;
    this.token = answer.agent_token;
    return this;
  }

  /** What the next heartbeat says: everything. */
  report() {
    return {
      seq: this.seq,
      boot_id: this.bootId,
      clock: new Date().toISOString(),
      agent_version: this.identity.agent_version,
      resources: this.resources,
      docker: this.docker,
      caddy: this.caddy,
      containers: this.containers,
    };
  }

  /** One heartbeat. */
  async beat() {
    this.seq += 1;
    return this.#post("heartbeat", this.report());
  }

  /** Beats until `stop`. A server that is away is no reason to end, as for the real agent. */
  start(everyMs = 500) {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#beating = (async () => {
      while (!signal.aborted) {
        await this.beat().catch(() => undefined);
        await beatPause(everyMs, signal);
      }
    })();
    return this;
  }

  async stop() {
    this.#abort.abort();
    await this.#beating;
  }

  async #post(call, body) {
    const headers = { "content-type": "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const response = await fetch(`${this.url}/api/v1/agents/${call}`, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`agent ${this.name}: ${call} was answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer.data;
  }
}
