// The lab's control plane from the stories, and what a control plane sees of its kubelets: leases that are renewed, pods that run once they are
// bound. Everything that answers (API server, scheduler, etcd, kubectl) is real; see lab.sh.
import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { root } from "../../support/paths.mjs";
import { beatPause, until } from "../../support/wait.mjs";

const run = promisify(execFile);
const MERGE = "application/merge-patch+json";
/** A slow machine starts an API server in a minute. */
const PATIENCE = 120_000;
const seconds = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
const micros = (off = 0) => new Date(Date.now() + off).toISOString().replace("Z", "000Z");

export const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];

export class Cluster {
  #child;
  #lines;
  #beating = new AbortController();
  /** By name, how far each kubelet's clock is off, in milliseconds. */
  #alive = new Map();
  #seeded = 0;

  static async start({ kubelets = true } = {}) {
    const cluster = new Cluster();
    cluster.#child = spawn(join(import.meta.dirname, "lab.sh"), { stdio: ["pipe", "pipe", "inherit"] });
    cluster.#lines = createInterface({ input: cluster.#child.stdout })[Symbol.asyncIterator]();
    const said = (await cluster.#lines.next()).value ?? "nothing";
    cluster.folder = said.match(/^ready (.*)$/)?.[1];
    if (!cluster.folder) throw new Error(`the Kubernetes lab did not start; it said: ${said}`);
    const file = (name) => readFileSync(join(cluster.folder, name), "utf8");
    cluster.address = file("admin.kubeconfig").match(/https:\/\/127\.0\.0\.1:\d+/)[0];
    cluster.agent = new Agent({ keepAlive: true, maxSockets: 64, ca: file("ca.crt"), cert: file("admin.crt"), key: file("admin.key") });
    // As a cluster gets Pitlane: with kubectl and the manifests of deploy/.
    await cluster.kubectl("apply", "-k", join(root, "deploy/kubernetes"));
    if (kubelets) cluster.#beat();
    return cluster;
  }

  /** An order to lab.sh, and its "done". */
  async order(command) {
    this.#child.stdin.write(`${command}\n`);
    const { value } = await this.#lines.next();
    if (value !== `done ${command}`) throw new Error(`the lab was told "${command}" and said "${value}"`);
  }

  async stop() {
    this.#beating.abort();
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end();
    await ended;
    this.agent.destroy();
  }

  /** The real kubectl, as somebody who may do everything. */
  async kubectl(...args) {
    return (await run(join(this.folder, "kubectl"), args)).stdout.trim();
  }

  /** The API as somebody who may do everything. Resolves with the object; `absent`: a 404 is an answer, and undefined. */
  async call(method, path, body, { type = method === "PATCH" ? MERGE : "application/json", absent = false } = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { status, answer } = await new Promise((resolve, reject) => {
      const asked = request(`${this.address}${path}`, { method, agent: this.agent, headers: text ? { "content-type": type, "content-length": Buffer.byteLength(text) } : {} }, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (chunk) => (answer += chunk)).on("end", () => resolve({ status: response.statusCode, answer }));
      });
      asked.setTimeout(30_000, () => asked.destroy(new Error(`${method} ${path} is not answered`)));
      asked.on("error", reject).end(text);
    });
    if (absent && status === 404) return undefined;
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${answer}`);
    return JSON.parse(answer);
  }

  get(path) {
    return this.call("GET", path);
  }

  /** A node with a living kubelet, ready, with four processors and 8 GiB. */
  async node(name, { labels = {}, taints = [], kubelet = "v1.37.2", room = {}, clock = 0 } = {}) {
    await this.call("POST", "/api/v1/nodes", { metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } }, spec: { taints } });
    const good = (type, status) => ({ type, status, reason: "Kubelet", message: "as it should be", lastTransitionTime: seconds() });
    const has = { cpu: "4", memory: "8Gi", pods: "110", ...room };
    await this.call("PATCH", `/api/v1/nodes/${name}/status`, {
      status: {
        capacity: has,
        allocatable: has,
        nodeInfo: {
          kubeletVersion: kubelet, containerRuntimeVersion: "containerd://2.2.0", architecture: "amd64", operatingSystem: "linux",
          bootID: "", kernelVersion: "", kubeProxyVersion: "", machineID: "", osImage: "", systemUUID: "",
        },
        addresses: [{ type: "InternalIP", address: `10.0.0.${(this.#seeded += 1)}` }],
        conditions: [good("Ready", "True"), good("MemoryPressure", "False"), good("DiskPressure", "False"), good("PIDPressure", "False")],
      },
    });
    await this.call("POST", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", {
      metadata: { name },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: micros(clock) },
    });
    this.#alive.set(name, clock);
  }

  /** A pod that sleeps, in the default namespace unless told otherwise. `spec` is laid over. */
  pod(name, { namespace = "default", labels = {}, owner, spec = {} } = {}) {
    const ownerReferences = owner && [{ apiVersion: "apps/v1", kind: owner.kind, name: owner.name, uid: "00000000-0000-4000-8000-000000000001", controller: true }];
    const containers = [{ name: "main", image: "registry.example.org/main:1", resources: { requests: { cpu: "100m", memory: "256Mi" } } }];
    return this.call("POST", `/api/v1/namespaces/${namespace}/pods`, {
      metadata: { name, labels, ownerReferences },
      spec: { containers, terminationGracePeriodSeconds: 0, ...spec },
    });
  }

  /** A claim on a local disk of a node, bound as the volume controller would. */
  async localClaim(claim, node, namespace = "default") {
    const volume = `pv-${claim}`;
    const storage = { capacity: { storage: "10Gi" }, accessModes: ["ReadWriteOnce"], storageClassName: "local" };
    const here = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] }];
    await this.call("POST", "/api/v1/persistentvolumes", {
      metadata: { name: volume },
      spec: { ...storage, local: { path: "/mnt/disk" }, claimRef: { namespace, name: claim }, nodeAffinity: { required: { nodeSelectorTerms: here } } },
    });
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    await this.call("POST", claims, {
      metadata: { name: claim, annotations: { "pv.kubernetes.io/bind-completed": "yes" } },
      spec: { accessModes: ["ReadWriteOnce"], storageClassName: "local", volumeName: volume, resources: { requests: { storage: "10Gi" } } },
    });
    await this.call("PATCH", `${claims}/${claim}/status`, { status: { phase: "Bound" } });
    await this.call("PATCH", `/api/v1/persistentvolumes/${volume}/status`, { status: { phase: "Bound" } });
  }

  /** What the scheduler decided about a pod: the node, or that it fits nowhere, and why. */
  decision(name, namespace = "default") {
    return until(`the scheduler to decide about ${name}`, async () => {
      const { spec, status } = await this.get(`/api/v1/namespaces/${namespace}/pods/${name}`);
      if (spec.nodeName) return { node: spec.nodeName };
      const refused = status.conditions?.find(({ type, status: held }) => type === "PodScheduled" && held === "False");
      return refused && { refused: refused.message };
    }, { timeout: PATIENCE });
  }

  /** Whether kubectl shows the node as out of the scheduler. */
  async isOut(name) {
    return /SchedulingDisabled/.test(await this.kubectl("get", "node", name, "--no-headers"));
  }

  /** A kubeconfig that signs in with a token, by `address`. Written anew where there is one of that name. */
  async kubeconfig(name, { token, address = this.address }) {
    const path = join(this.folder, `${name}.kubeconfig`);
    const user = token === undefined ? { "client-certificate": join(this.folder, "admin.crt"), "client-key": join(this.folder, "admin.key") } : { token };
    writeFileSync(path, JSON.stringify({
      apiVersion: "v1", kind: "Config", "current-context": "lab",
      clusters: [{ name: "lab", cluster: { server: address, "certificate-authority": join(this.folder, "ca.crt") } }],
      users: [{ name: "it", user }],
      contexts: [{ name: "lab", context: { cluster: "lab", user: "it" } }],
    }));
    return path;
  }

  /** A token of the service account that the manifests make, or of another one. */
  token(account = "pitlane") {
    return this.kubectl("create", "token", account, "--namespace", "pitlane");
  }

  /** The settings of a server that runs in the cluster as its manifests say: with their service account and nothing more. */
  async settings({ name = "pitlane", address = this.address } = {}) {
    const kubeconfig = await this.kubeconfig(name, { token: await this.token(), address });
    // The windows are Kubernetes' own; what a story waits for is the settle window.
    return {
      PITLANE_ENGINE: "kubernetes",
      PITLANE_KUBECONFIG: kubeconfig,
      PITLANE_FLEET_NAME: "kubernetes-lab",
      PITLANE_HEARTBEAT_EVERY: "10s",
      PITLANE_LATE_AFTER: "25s",
      PITLANE_OFFLINE_AFTER: "40s",
    };
  }

  /** As it was in the beginning: no nodes and no pods. Claims stay; a controller that is not here would have to let them go. */
  async clear() {
    this.#alive.clear();
    for (const what of ["/api/v1/namespaces/default/pods", "/api/v1/nodes", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"]) {
      await this.call("DELETE", `${what}?gracePeriodSeconds=0`);
    }
  }

  /** Renews a node's lease once, as its kubelet does every ten seconds. */
  renew(name, clock = 0) {
    return this.call("PATCH", `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`, { spec: { renewTime: micros(clock) } });
  }

  /** Kubelets, as far as the control plane sees them. Where the API server is away they try again, as kubelets do. */
  async #beat() {
    const { signal } = this.#beating;
    for (let round = 0; !signal.aborted; round += 1) {
      const quietly = (call) => call.catch(() => undefined);
      const renewals = round % 4 > 0 ? [] : [...this.#alive].map(([name, clock]) => quietly(this.renew(name, clock)));
      const bound = await quietly(this.get("/api/v1/pods?fieldSelector=spec.nodeName!=,status.phase=Pending&limit=500"));
      const started = (bound?.items ?? []).map(({ metadata: { namespace, name }, spec }) => {
        const containerStatuses = spec.containers.map(({ name: container, image }) => ({
          name: container, image, imageID: "", ready: true, restartCount: 0, state: { running: { startedAt: seconds() } },
        }));
        return quietly(this.call("PATCH", `/api/v1/namespaces/${namespace}/pods/${name}/status`, { status: { phase: "Running", startTime: seconds(), containerStatuses } }));
      });
      await Promise.all([...renewals, ...started]);
      await beatPause(500, signal);
    }
  }
}
