// What a first visit downloads, counted by Chromium on the real server, file by file, against the budget.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { launch, Person } from "../e2e/support/browser.mjs";
import { out } from "../support/paths.mjs";
import { Server } from "../support/server.mjs";
import { until } from "../support/wait.mjs";

/**
 * Bytes that a first visit downloads at most until the first card is on the screen: everything but the API's answers, as it goes over the wire.
 * What the browser fetches after that, when it has nothing else to do, is told beside it.
 */
const BUDGET = 260_000;

test("a first visit keeps to the budget", async (t) => {
  const server = await Server.start({ name: "size" });
  t.after(() => server.stop());
  await server.agent({ name: "size-1" });
  const browser = await launch();
  t.after(() => browser.close());

  const visitor = await Person.sitsDown(browser, { url: server.url });
  const files = await record(visitor.page);
  await visitor.page.addInitScript(() => {
    const look = () => (window.firstCard ??= document.querySelector("article") ? performance.now() : undefined);
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  });
  await visitor.page.goto(await server.signInLink());
  await visitor.page.getByText("size-1").first().waitFor();
  await visitor.page.waitForFunction(() => document.fonts.status === "loaded");

  // The later part of the console and its looks: not counted, because nobody waits for them.
  const isLater = ({ url }) => /\/(console-rest|later)-\w+\.(wasm|css)$/.test(url);
  const later = await until("the rest of the console", () => [[...files.values()].filter((file) => file.done && isLater(file))].find((both) => both.length === 2));
  const rows = [...files.values()].filter(({ url }) => !new URL(url).pathname.startsWith("/api/")).sort((a, b) => b.bytes - a.bytes);
  const first = rows.filter((row) => !isLater(row));
  const total = first.reduce((sum, { bytes }) => sum + bytes, 0);
  const line = ({ url, bytes, encoding }) => `${String(bytes).padStart(8)}  ${(encoding || "as is").padEnd(6)}  ${new URL(url).pathname}`;
  const table = [...first.map(line), `${String(total).padStart(8)}          of ${BUDGET}`, "and when the browser is idle:", ...later.map(line)];
  writeFileSync(join(out, "size.json"), JSON.stringify({ total, budget: BUDGET, files: rows, after: later }, null, 2));
  for (const line of table) t.diagnostic(line);
  for (const { url } of later) {
    const [began, card] = await visitor.page.evaluate((url) => [performance.getEntriesByName(url)[0].startTime, window.firstCard], url);
    assert.ok(began >= card, `${url} was asked for ${Math.round(card - began)} ms before the first card was there`);
  }

  assert.ok(rows.some(({ url }) => url.endsWith(".wasm")), "the console itself was downloaded");
  for (const { url, encoding } of rows.filter(({ url }) => /\.(wasm|js|css)$/.test(url))) {
    assert.equal(encoding, "br", `${url} was not sent with brotli`);
  }
  for (const { url } of rows) assert.equal(new URL(url).origin, server.url, "everything comes from Pitlane itself");
  assert.ok(total <= BUDGET, `a first visit downloads ${total} bytes, ${total - BUDGET} above the budget:\n${table.join("\n")}`);
});

/** Every response of a page by its request: url, encoding, and the bytes of its body on the wire. */
async function record(page) {
  const session = await page.context().newCDPSession(page);
  const files = new Map();
  session.on("Network.responseReceived", ({ requestId, response }) => {
    const encoding = Object.entries(response.headers).find(([name]) => name.toLowerCase() === "content-encoding")?.[1];
    if (response.url.startsWith("http")) files.set(requestId, { url: response.url, encoding, bytes: 0 });
  });
  // Counted as data arrives: this leaves the headers out, which depend on the proxy in front.
  session.on("Network.dataReceived", ({ requestId, encodedDataLength }) => {
    const file = files.get(requestId);
    if (file) file.bytes += encodedDataLength;
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const file = files.get(requestId);
    if (file) file.done = true;
    if (file && file.bytes === 0) file.bytes = encodedDataLength;
  });
  await session.send("Network.enable");
  return files;
}
