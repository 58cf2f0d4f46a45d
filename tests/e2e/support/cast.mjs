// A small fleet in which every state of a node can be seen at one time.
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";

const db = container({ service: "postgres", volumes: ["shop_pgdata"] });
const mail = container({ project: "mail", service: "dovecot", networkVolumes: ["mail_spool"] });
const web = container({ service: "web" });

/** Long enough for a countdown to be seen: no activation passes its checks in this fleet. */
export const SLOW = { PITLANE_SETTLE: "30m" };

/** Enrols it. Resolves with the agents by name; each has its node's `id`. `api`: an operator's. */
export async function cast(stage, api) {
  const described = [
    { name: "edge-fra-01", containers: [db, mail, web] },
    { name: "edge-fra-02", containers: [db, web] },
    { name: "edge-fra-03" },
    { name: "edge-fra-04", containers: [web] },
    { name: "edge-fra-05" },
    { name: "edge-ams-01", region: "eu-west", containers: [db] },
    { name: "edge-ams-02", region: "eu-west" },
    { name: "edge-lon-01", region: "eu-west" },
    { name: "edge-mad-01", region: "eu-south", beat: false },
    { name: "edge-sto-01", region: "eu-north", version: "0.0.9" },
    { name: "sim-01", region: "eu-north", simulated: true },
  ];
  const nodes = Object.fromEntries(await Promise.all(described.map(async (one) => [one.name, await stage.agent(one)])));
  const drain = async (name, request) => {
    const { status, body } = await api.drain(nodes[name].id, request);
    if (status !== 202) throw new Error(`the drain of ${name} was answered ${status}: ${JSON.stringify(body)}`);
  };
  const soon = (seconds) => new Date(Date.now() + seconds * 1_000).toISOString();
  await drain("edge-fra-02", { expected_back_at: soon(3_600) });
  await drain("edge-fra-03");
  await drain("edge-fra-05", { expected_back_at: soon(4) });
  await drain("edge-ams-02");
  await api.call("POST", `/nodes/${nodes["edge-fra-04"].id}/planned-drain`, { reason: "BIOS update", starts_at: soon(7_200), seen_stateful: [] }, { "if-match": "*" });
  const { resources } = nodes["edge-ams-01"];
  resources.disks[0].used_bytes = Math.round(resources.disks[0].total_bytes * 0.93);
  nodes["edge-ams-02"].docker = { state: "bad", expected: true, detail: "Cannot connect to the Docker daemon" };
  await nodes["edge-lon-01"].stop();
  const health = (name, expected) => until(`${name} to be ${expected}`, async () => (await api.node(nodes[name].id)).health === expected);
  await Promise.all([health("edge-ams-01", "degraded"), health("edge-ams-02", "degraded"), health("edge-lon-01", "offline")]);
  const overdue = async () => (await api.activity(`node=${nodes["edge-fra-05"].id}`)).some(({ kind }) => kind === "overdue");
  await until("edge-fra-05 to be overdue", overdue);
  return nodes;
}
