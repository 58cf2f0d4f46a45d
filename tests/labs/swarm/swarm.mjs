// The lab's script from the stories. PITLANE_LAB says where the lab is; `lab.sh run` puts the tests onto its bridge.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const script = join(import.meta.dirname, "lab.sh");

export const folder = () => {
  if (!process.env.PITLANE_LAB) throw new Error("PITLANE_LAB: bring a lab up with tests/labs/swarm/lab.sh up");
  return process.env.PITLANE_LAB;
};

export const lab = async (...args) => (await run(script, args)).stdout.trim();
export const docker = (node, ...args) => lab("docker", String(node), ...args);
export const socket = (node) => `unix://${folder()}/n${node}/docker.sock`;

/** The settings of a server on this swarm. How full this machine's disk happens to be is not what the stories are about. */
export const onSwarm = () => ({ PITLANE_ENGINE: "swarm", PITLANE_SWARM_HOST: socket(1), PITLANE_FLEET_NAME: "swarm-lab", PITLANE_DISK_BAD_PERCENT: "100" });

export const availability = (name) => docker(1, "node", "inspect", name, "--format", "{{.Spec.Availability}}");

/** As it was in the beginning: no services, every node active and without labels. */
export async function restore() {
  const services = (await docker(1, "service", "ls", "-q")).split("\n").filter(Boolean);
  if (services.length > 0) await docker(1, "service", "rm", ...services);
  await lab("restore");
}

/** Starts a service and waits until it runs. Resolves with the names of the nodes it runs on. */
export async function service(name, ...args) {
  await docker(1, "service", "create", "--detach=false", "-q", "--no-resolve-image", "--stop-grace-period", "1s", "--name", name, ...args, "lab:1");
  return (await docker(1, "service", "ps", name, "--filter", "desired-state=running", "--format", "{{.Node}}")).split("\n").sort();
}

export const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
