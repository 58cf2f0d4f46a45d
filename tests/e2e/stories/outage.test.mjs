// When something goes away: the server by kill -9, the wire, an agent.
import assert from "node:assert/strict";
import { after } from "node:test";
import { Wire } from "../../support/cut.mjs";
import { until } from "../../support/wait.mjs";
import { allOfItHere, fleet, reads, says, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

story("kill -9 in the middle of a drain: it is completed once", { outage: true }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ name: "on-call" });
  await page.goto(`/nodes/${agent.id}?do=drain`);
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  const accepted = page.waitForResponse((response) => response.request().method() === "POST" && response.url().endsWith("/drain"));
  await sheet.submit(dialog, "Drain node").click();
  assert.equal((await accepted).status(), 202);
  await stage.server.kill();
  await stage.server.launch();

  const api = await stage.server.api();
  await until("maintenance", async () => (await api.node(agent.id)).scheduling === "maintenance");
  await reads(dialog, /In maintenance/, { timeout: 30_000 });
  const kinds = (await api.activity(`node=${agent.id}`)).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "drain_requested").length, 1);
  assert.equal(kinds.filter((kind) => kind === "drained").length, 1);
  await page.goto("/activity");
  await reads(page.getByRole("main"), /Kernel 6\.12 reboot/);
});

story("what was not understood is asked for again, whatever came after it", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  const asked = [];
  await page.route("**/api/v1/events*", (route) => {
    asked.push({ query: new URL(route.request().url()).search, header: route.request().headers()["last-event-id"] });
    if (asked.length > 1) return route.continue();
    const nodes = (id, data) => `id: ${id}\nevent: nodes\ndata: ${data}\n\n`;
    const body = `retry: 60000\n\n${nodes("e-1", "{")}${nodes("e-2", JSON.stringify({ server_time: new Date().toISOString() }))}`;
    return route.fulfill({ contentType: "text/event-stream", body });
  });
  await fleet.open(page);
  await fleet.card(page, "edge-fra-01").waitFor();
  assert.deepEqual(asked[1], { query: "", header: undefined }, "to go on behind it would leave it out for ever");
});

const CUT_MS = 20_000;
const wire = await Wire.open();
after(() => wire.close());

story("the wire is cut for 20 s: the page says how old it is, then catches up", { outage: true, settings: { PITLANE_PUBLIC_URL: wire.url } }, async (stage) => {
  wire.leadsTo(stage.server.port);
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ url: wire.url });
  await fleet.open(page);
  await reads(page.getByRole("banner"), /Live/);
  await allOfItHere(page);
  const cutAt = Date.now();
  wire.cut();
  await reads(page.getByRole("banner"), /Reconnecting|Stale/);
  const api = await stage.server.api();
  await api.drain(agent.id, { reason: "While nobody was looking" });
  await reads(page.getByRole("alert"), /connection to Pitlane is lost\. What you see is \d+ s old/, { timeout: CUT_MS });
  await until("the cut to have lasted 20 s", () => Date.now() - cutAt > CUT_MS, { timeout: CUT_MS + 5_000 });
  assert.ok(!/While nobody was looking/.test(await fleet.card(page, "edge-fra-01").innerText()), "the page cannot know yet");
  wire.mend();
  await reads(page.getByRole("banner"), /Live/, { timeout: 40_000 });
  await reads(fleet.card(page, "edge-fra-01"), /While nobody was looking/);
  assert.equal(await page.getByRole("alert").count(), 0, "the banner is gone");
});

story("an agent stops and returns: late, then offline, then healthy", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-lon-01" });
  await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  await fleet.open(page);
  const card = fleet.card(page, "edge-lon-01");
  await reads(card, /Healthy/);
  await agent.stop();
  await reads(card, /late/i);
  await reads(card, /Offline/);
  await says(card, /No heartbeat for \d+ s/, /CPU —/);
  agent.start();
  await reads(card, /Healthy/);
  const api = await stage.server.api();
  const kinds = (await api.activity(`node=${agent.id}`)).map(({ kind }) => kind);
  assert.ok(kinds.includes("heartbeat_lost") && kinds.includes("heartbeat_back"), kinds.join());
});

story("a server that takes the question who is signed in and never answers is not waited for without end", { outage: true }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  // The browser's own limits, forty times as fast.
  await page.addInitScript(() => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (ms) => timeout(ms / 40);
  });
  await page.route("**/api/v1/session", () => {});
  await page.goto("/nodes");
  await page.getByRole("heading", { name: "Pitlane cannot be reached" }).waitFor();
  await page.unroute("**/api/v1/session");
  await page.getByRole("button", { name: "Try again" }).click();
  await fleet.card(page, "edge-fra-01").waitFor();
});

story("a part of the console that does not arrive is said in words, and comes when it is asked for again", { outage: true }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  await page.route("**/console-rest-*.wasm", (route) => route.abort());
  await page.goto(`/nodes/${agent.id}?do=drain`);
  const said = page.getByRole("heading", { name: "A part of the console did not arrive" });
  await said.waitFor();
  await page.goto("/nodes");
  await fleet.card(page, "edge-fra-01").waitFor();
  assert.equal(await said.count(), 0, "the fleet needs none of it, and says nothing");
  await page.goto(`/nodes/${agent.id}`);
  await said.waitFor();
  await page.unroute("**/console-rest-*.wasm");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "edge-fra-01", level: 1 }).waitFor();
});

story("a drain can be asked for when the server has gone, and is refused in words, not by a blank", { outage: true }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  await fleet.open(page);
  await allOfItHere(page);
  await stage.server.kill();
  await fleet.drain(page, "edge-fra-01").click();
  await page.getByRole("dialog", { name: "Drain edge-fra-01" }).waitFor();
});
