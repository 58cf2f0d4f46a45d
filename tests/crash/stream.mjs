// A stream of drains and activations that survives the server's crashes the way a careful script would: each request has an idempotency key and is
// repeated with it until it is answered. What was answered 202 is written down; nothing else is believed.
import { randomUUID } from "node:crypto";
import { until } from "../support/wait.mjs";

const ANSWER = { timeout: 60_000 };

/** Drains and activates one node in turn until `stopped`. Accepted operations are pushed to `accepted`, other answers to `refused`. */
export async function drainAndActivate({ api, node, identities, accepted, refused, stopped }) {
  for (let turn = 0; !stopped(); turn += 1) {
    const kind = turn % 2 === 0 ? "drain" : "activate";
    const operation = await ask(api, node, kind, identities, refused);
    if (!operation) return;
    accepted.push({ id: operation.id, kind, node });
    await until(`${kind} ${operation.id} to be finished`, () => finished(api, node, operation.id), ANSWER);
  }
}

async function ask(api, node, kind, identities, refused) {
  const key = randomUUID();
  const body =
    kind === "drain"
      ? { reason: `crash test ${key}`, seen_stateful: identities, acknowledge_unread: true, allow_last_schedulable: true }
      : { override: { reason: "crash test: no waiting for the settle window" } };
  const answer = await until(
    `an answer to ${kind} ${node}`,
    async () => {
      const answer = await api.call("POST", `/nodes/${node}/${kind}`, body, { "if-match": "*", "idempotency-key": key });
      // 503 is "not now, and nothing was stored": the script asks again.
      return answer.status === 503 ? undefined : answer;
    },
    ANSWER,
  );
  if (answer.status === 202) return answer.body.data;
  refused.push({ node, kind, status: answer.status, error: answer.body?.error });
  return undefined;
}

async function finished(api, node, id) {
  const { operation } = await api.node(node);
  return operation === null || operation.id !== id || ["completed", "failed", "aborted"].includes(operation.state);
}

/**
 * Holds what clients were promised against what the activity log says. Each accepted operation must have been requested once and confirmed once; nothing
 * may have been confirmed that nobody asked for; and on each node drains and activations must alternate.
 */
export function judge(accepted, entries) {
  const CONFIRMED = { drained: "drain", activated: "activate" };
  const REQUESTED = { drain_requested: "drain", activate_requested: "activate" };
  const promised = new Map(accepted.map((operation) => [operation.id, operation]));
  const seen = new Map();
  for (const entry of entries) {
    const counts = seen.get(entry.operation_id) ?? { requested: 0, confirmed: 0, other: [] };
    if (entry.kind in REQUESTED) counts.requested += 1;
    else if (entry.kind in CONFIRMED) counts.confirmed += 1;
    else if (entry.kind !== "operation_resumed") counts.other.push(`${entry.kind}: ${entry.message}`);
    if (entry.operation_id) seen.set(entry.operation_id, counts);
  }
  const lost = accepted.filter(({ id }) => !(seen.get(id)?.confirmed >= 1));
  const doubled = [...seen].filter(([id, counts]) => counts.requested > 1 || counts.confirmed > 1 || (counts.confirmed + counts.requested > 0 && !promised.has(id)));
  const disorder = [];
  const last = new Map();
  for (const entry of [...entries].sort((a, b) => a.id - b.id)) {
    const kind = CONFIRMED[entry.kind];
    if (!kind) continue;
    if (last.get(entry.node_id) === kind) disorder.push(entry);
    last.set(entry.node_id, kind);
  }
  return { lost: lost.map(({ id, kind }) => ({ id, kind, log: seen.get(id) })), doubled, disorder };
}
