// What a first visit downloads, counted by Chromium on the real server, file by file, against the budget.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { launch, Person } from "../e2e/support/browser.mjs";
import { out } from "../support/paths.mjs";
import { Server } from "../support/server.mjs";

/** Bytes that a first visit should download at most: everything but the API's answers, as it goes over the wire. */
const BUDGET = 260_000;

/**
 * Not met yet, and said so by every run. Until it is, this ceiling keeps the download from growing: it lies just above what was
 * measured last, and goes down with every byte that is saved, never up. docs/performance.md says what was tried.
 */
const CEILING = 310_000;

test("a first visit stays below the ceiling on the way to the budget", async (t) => {
  const server = await Server.start({ name: "size" });
  t.after(() => server.stop());
  await server.agent({ name: "size-1" });
  const browser = await launch();
  t.after(() => browser.close());

  const visitor = await Person.sitsDown(browser, { url: server.url });
  const files = await record(visitor.page);
  await visitor.page.goto(await server.signInLink());
  await visitor.page.getByText("size-1").first().waitFor();
  await visitor.page.waitForFunction(() => document.fonts.status === "loaded");

  const rows = [...files.values()].filter(({ url }) => !new URL(url).pathname.startsWith("/api/")).sort((a, b) => b.bytes - a.bytes);
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  const table = [...rows.map(({ url, bytes, encoding }) => `${String(bytes).padStart(8)}  ${(encoding || "as is").padEnd(6)}  ${new URL(url).pathname}`), `${String(total).padStart(8)}          of ${BUDGET}`];
  writeFileSync(join(out, "size.json"), JSON.stringify({ total, budget: BUDGET, files: rows }, null, 2));
  for (const line of table) t.diagnostic(line);

  assert.ok(rows.some(({ url }) => url.endsWith(".wasm")), "the console itself was downloaded");
  for (const { url, encoding } of rows.filter(({ url }) => /\.(wasm|js|css)$/.test(url))) {
    assert.equal(encoding, "br", `${url} was not sent with brotli`);
  }
  for (const { url } of rows) assert.equal(new URL(url).origin, server.url, "everything comes from Pitlane itself");
  if (total > BUDGET) t.diagnostic(`OVER THE BUDGET by ${total - BUDGET} bytes; held below ${CEILING}`);
  assert.ok(total <= CEILING, `a first visit downloads ${total} bytes, ${total - CEILING} above the ceiling:\n${table.join("\n")}`);
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
    if (file && file.bytes === 0) file.bytes = encodedDataLength;
  });
  await session.send("Network.enable");
  return files;
}
