// A way to the API server on which a test stands: what passes can be made slow, or something can happen just before it passes. It carries
// requests and answers as they are, watches too; nothing in it answers in the API server's place.
import { readFileSync } from "node:fs";
import { Agent, createServer, request } from "node:https";
import { join } from "node:path";
import { beatPause } from "../../support/wait.mjs";

export class Way {
  /** Every request waits for so long before it is passed on. */
  delay = 0;
  /** What happens before a request is passed on. Where it gives `false`, the request never arrives. */
  before = async () => true;
  #closing = new AbortController();

  static async to(cluster) {
    const way = new Way();
    const file = (name) => readFileSync(join(cluster.folder, name));
    const agent = new Agent({ keepAlive: true, ca: file("ca.crt") });
    way.server = createServer({ key: file("server.key"), cert: file("server.crt") }, async (near, answer) => {
      near.on("error", () => undefined);
      if (way.delay > 0) await beatPause(way.delay, way.#closing.signal);
      if (!(await way.before(near))) return near.destroy();
      const far = request(`${cluster.address}${near.url}`, { method: near.method, headers: near.headers, agent }, (response) => {
        answer.writeHead(response.statusCode, response.headers);
        answer.flushHeaders();
        response.pipe(answer);
        response.on("error", () => answer.destroy());
        response.on("close", () => response.complete || answer.destroy());
      });
      far.on("error", () => near.destroy());
      answer.on("close", () => far.destroy());
      near.pipe(far);
    });
    await new Promise((resolve) => way.server.listen(0, "127.0.0.1", resolve));
    way.address = `https://127.0.0.1:${way.server.address().port}`;
    way.agent = agent;
    return way;
  }

  async close() {
    this.#closing.abort();
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
