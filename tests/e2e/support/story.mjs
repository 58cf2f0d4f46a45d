// A story: a real server with nodes of its own, people at browsers, and at the end a look at what their pages wrote to the console.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Server } from "../../support/server.mjs";
import { launch, Person } from "./browser.mjs";

let browser;
after(() => browser?.close());

class Stage {
  people = [];

  constructor(server) {
    this.server = server;
  }

  /** Somebody with a role, signed in, at a browser of their own. `role: null` is a stranger. `url` is another way to the server. */
  async person({ role = "operator", name = role ?? "stranger", url = this.server.url, ...look } = {}) {
    browser ??= await launch();
    const person = await Person.sitsDown(browser, { url, ...look });
    this.people.push(person);
    if (role) await person.signsIn(url, await this.server.token(role, name));
    return person;
  }

  /** An enrolled, beating agent; see `tests/support/agent.mjs`. */
  agent(description) {
    return this.server.agent(description);
  }
}

const slug = (name) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").slice(0, 60);

/**
 * Tells one story. `refusals`: statuses that are part of it, and that the browser therefore writes a line about. `outage`: the server goes away in
 * it, so failed connections are part of it too. `settings`: of the server, on top of the short windows.
 */
export function story(name, { refusals = [], outage = false, settings } = {}, tell) {
  test(name, { timeout: 120_000 }, async () => {
    const stage = new Stage(await Server.start({ name: `story-${slug(name)}`, settings }));
    try {
      await tell(stage);
      for (const person of stage.people) {
        const log = outage ? person.log.filter((line) => !/Failed to load resource: net::ERR_|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|TypeError: Failed to fetch/.test(line)) : person.log;
        assert.deepEqual(log, [], "the page's console log must be empty");
        assert.deepEqual(person.refusals.filter((status) => !refusals.includes(status)), [], "the server refused something that is no part of this story");
      }
    } catch (error) {
      for (const [at, person] of stage.people.entries()) {
        await person.picture(`failed-${slug(name)}-${at + 1}`).catch(() => undefined);
        if (person.log.length > 0) error.message += `\nconsole log of person ${at + 1}: ${JSON.stringify(person.log, null, 1)}`;
        error.message += `\npage of person ${at + 1}: ${person.page.url()}`;
      }
      throw error;
    } finally {
      await Promise.all(stage.people.map((person) => person.leaves().catch(() => undefined)));
      await stage.server.stop();
    }
  });
}
