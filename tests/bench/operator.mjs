// An operator at work, as the console would do it: reads the fleet and a node, drains it, waits until it is in maintenance, activates it. Every request is timed. Each
// round begins with a connection of its own, so that coming in is timed too.
import { Connection, request } from "./connection.mjs";

/** Works for `seconds`. Resolves with `{ times, drains, refused }`: milliseconds of each request, connecting included, and every answer that was none of 2xx. */
export async function work({ port, token, node, seconds }) {
  const times = [];
  const refused = [];
  let drains = 0;
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const begun = performance.now();
    const connection = await Connection.open(port).catch((error) => ({ error }));
    if (connection.error) {
      refused.push(String(connection.error));
      continue;
    }
    let coming = performance.now() - begun;
    const ask = async (method, path, body, more = {}) => {
      const bytes = request(method, `/api/v1${path}`, { port, token, body, ...more });
      const { status, body: text, ms } = await connection.send(bytes);
      times.push(ms + coming);
      coming = 0;
      const answer = text.length > 0 ? JSON.parse(text) : undefined;
      if (status >= 300) refused.push(`${method} ${path}: ${status} ${answer?.message}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { status, data: answer?.data };
    };
    const shown = async (is) => {
      for (;;) {
        const { data } = await ask("GET", `/nodes/${node}`);
        if (!data || (data.scheduling === is && data.operation === null)) return;
      }
    };
    try {
      await ask("GET", "/nodes?limit=100");
      const { data: preview } = await ask("GET", `/nodes/${node}/drain-preview`);
      const seen_stateful = preview.stateful.map((workload) => workload.identity);
      const drained = await ask("POST", `/nodes/${node}/drain`, { reason: "Kernel reboot", seen_stateful }, { headers: ['if-match: *'] });
      if (drained.status === 202) drains += 1;
      await shown("maintenance");
      await ask("POST", `/nodes/${node}/activate`, { override: { reason: "back again" } }, { headers: ['if-match: *'] });
      await shown("schedulable");
    } catch (error) {
      refused.push(String(error));
    }
    connection.close();
  }
  return { times, drains, refused };
}
