// A hundred hostile connections of five kinds beside an operator: slow or silent, too large, with secrets that nobody has. Their number and time are bounded, and they come from
// and go to this machine alone. How much they cost is measured by tests/bench/hostile.mjs; here nobody is refused or made to wait for seconds.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { quantile } from "../bench/connection.mjs";
import { Mob } from "../bench/mob.mjs";
import { work } from "../bench/operator.mjs";
import { Server } from "../support/server.mjs";

const memory = (pid) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1]) * 1024;

for (const [whence, from, most] of [["many addresses", undefined, 12_000], ["the operator's own address", "127.0.0.1", 12_000], ["one address that has too few places", "127.0.0.1", 80]]) {
  test(`strangers from ${whence} keep no operator from working`, { timeout: 120_000 }, async (t) => {
    const settings = { PITLANE_RATE_PER_SECOND: "50", PITLANE_RATE_BURST: "200", PITLANE_MAX_CONNECTIONS: String(most), PITLANE_LOG_LEVEL: "warn" };
    const server = await Server.start({ name: "hostile", settings });
    const mob = new Mob();
    t.after(() => server.stop());
    t.after(() => mob.close());
    const agents = [await server.agent({ name: "edge-1" }), await server.agent({ name: "edge-2" })];
    const asked = { port: server.port, token: await server.token("operator"), node: agents[0].id };
    await work({ ...asked, seconds: 1 });
    const before = memory(server.pid);

    mob.attack({ port: server.port, each: 20, from });
    const { times, drains, refused } = await work({ ...asked, seconds: 6 });
    const seen = await mob.stop();
    for (const [kind, { connected }] of Object.entries(seen)) assert.ok(connected >= 20, `${kind} came only ${connected} times`);
    // A guess is answered after a pause, or refused as one too many: twenty guessers get some twenty answers a second, not thousands. Where there are too few
    // places most make room for others before they are answered.
    const guesses = (seen.bearers[401] ?? 0) + (seen.bearers[429] ?? 0);
    assert.ok((guesses > 0 || most <= 100) && guesses <= 20 * 12, `the guesses were not slowed down: ${JSON.stringify(seen)}`);
    // Where strangers fill every place of the operator's own address, one may have to come twice; once in, one stays in.
    if (most > 100) assert.deepEqual(refused, []);
    assert.ok(refused.every((why) => !/^[A-Z]+ \//.test(why)), `a request was answered with a refusal: ${refused}`);
    assert.ok(drains > 0, "nothing was drained");
    assert.ok(quantile(times, 0.95) < 2_000, `p95 was ${quantile(times, 0.95)} ms`);
    assert.ok(memory(server.pid) - before < 100e6, `it grew by ${memory(server.pid) - before} bytes`);
  });
}
