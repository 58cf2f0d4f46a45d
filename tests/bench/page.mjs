// The fleet page at 100, 1,000 and 10,000 nodes that beat, beside a page of hand-written JavaScript that does the same visible work: first card, a
// keystroke in the search, scrolling, a storm of heartbeats, memory, size of the document. `node tests/bench/page.mjs` measures it alone.
import { cpus, totalmem } from "node:os";
import { launch, Person } from "../e2e/support/browser.mjs";
import { Server } from "../support/server.mjs";
import { firstCard, frontDoor } from "./browser.mjs";
import { quantile } from "./connection.mjs";
import { LargeFleet } from "./fleet.mjs";
import { putSection } from "./section.mjs";

const SIZES = (process.env.PITLANE_BENCH_SIZES ?? "100,1000,10000").split(",").map(Number);
const PER_SECOND = 1_000;

/** What one page does while its nodes beat. */
async function measure(door, token, path, fleet) {
  const first = await firstCard(door, token, path, 3);
  const browser = await launch();
  try {
    const person = await (await Person.sitsDown(browser, { url: door.url })).signsIn(door.url, token);
    const { page } = person;
    await page.goto(path);
    await page.getByRole("article").first().waitFor({ timeout: 60_000 });
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "timeTicks" });
    const metrics = async () => Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
    await page.evaluate(() => {
      globalThis.longTasks = [];
      new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    });
    // As many beats as there are nodes to beat: one each second at most.
    const storm = fleet.storm({ perSecond: Math.min(PER_SECOND, fleet.nodes.length), seconds: 22 });
    const before = await metrics();
    await page.evaluate(() => new Promise((done) => setTimeout(done, 8_000)));
    const after = await metrics();
    const busy = (after.TaskDuration - before.TaskDuration) / (after.Timestamp - before.Timestamp);
    const stormTask = await page.evaluate(() => Math.max(0, ...globalThis.longTasks.splice(0)));

    const keys = await page.evaluate(async () => {
      const field = document.querySelector("[data-search]");
      const seen = [];
      for (const text of ["0", "00", "000", "0000", "000", "00", "0", ""]) {
        const begun = performance.now();
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        // Painted: the task after the next frame.
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        seen.push(performance.now() - begun);
        await new Promise((done) => setTimeout(done, 150));
      }
      return seen;
    });
    const frames = await page.evaluate(async () => {
      const seen = [];
      let last = await new Promise(requestAnimationFrame);
      for (let step = 0; step < 240; step += 1) {
        scrollBy(0, 240);
        const now = await new Promise(requestAnimationFrame);
        seen.push(now - last);
        last = now;
      }
      return seen;
    });
    await storm;
    await page.evaluate(() => scrollTo(0, 0));
    await session.send("HeapProfiler.collectGarbage");
    const heap = await session.send("Runtime.getHeapUsage");
    if (person.log.length > 0) console.log(person.log);
    return {
      first: first.ms,
      elements: first.elements,
      key: quantile(keys, 0.5),
      frame: quantile(frames, 0.95),
      longestFrame: Math.max(...frames),
      dropped: frames.filter((ms) => ms > 25).length / frames.length,
      busy,
      stormTask,
      memory: (heap.usedSize + (heap.embedderHeapUsedSize ?? 0) + (heap.backingStorageSize ?? 0)) / 1e6,
    };
  } finally {
    await browser.close();
  }
}

const door = await frontDoor();
const server = await Server.start({
  name: "bench-page",
  settings: {
    PITLANE_PUBLIC_URL: door.url,
    PITLANE_HEARTBEAT_EVERY: "5s",
    PITLANE_LATE_AFTER: "10m",
    PITLANE_OFFLINE_AFTER: "20m",
    PITLANE_HEARTBEAT_RATE_PER_SECOND: "10000",
    PITLANE_LOG_LEVEL: "warn",
  },
});
door.leadsTo = server.port;
const fleet = new LargeFleet(server, { labels: (at) => ({ role: ["edge", "build", "database"][at % 3], rack: `r${at % 40}` }) });
const seen = [];
try {
  const viewer = await server.token("viewer");
  const enrolment = await server.enrolmentToken({ multiUse: true });
  for (const size of SIZES) {
    await fleet.grow(size, enrolment);
    seen.push({ size, console: await measure(door, viewer, "/nodes", fleet), hand: await measure(door, viewer, "/by-hand", fleet) });
    console.log(JSON.stringify(seen.at(-1)));
  }
} finally {
  fleet.close();
  door.close();
  await server.stop();
}

const ms = (value) => `${value.toFixed(0)} ms`;
const row = (what, read, write) => `| ${what} | ${seen.map(({ console: own, hand }) => `${write(read(own))}; ${write(read(hand))}`).join(" | ")} |`;
putSection("The fleet page beside a page by hand", [
  `On ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB; both pages in one run, in the same Chromium, ` +
    "on the same machine as the server and the sender of the beats. In each cell: Pitlane's page; the page by hand (`tests/bench/plain.html`, which keeps only " +
    "what is near the screen in the document too: the same elements under the console's own style sheet, with rows of one height). Written by `node tests/bench/page.mjs`, which `make bench` runs.",
  "",
  `| | ${seen.map(({ size }) => `${size.toLocaleString("en")} nodes`).join(" | ")} |`,
  `|---|${seen.map(() => "---|").join("")}`,
  row("navigation start → first card painted, median of 3", (page) => page.first, ms),
  row("keystroke in the search → painted, median of 8", (page) => page.key, ms),
  row("scrolling 240 px a frame: 95 % of frames within", (page) => page.frame, ms),
  row("its longest frame", (page) => page.longestFrame, ms),
  row("its frames over 25 ms", (page) => page.dropped * 100, (value) => `${value.toFixed(0)} %`),
  row("up to 1,000 heartbeats a second: main thread busy", (page) => page.busy * 100, (value) => `${value.toFixed(0)} %`),
  row("its longest task", (page) => page.stormTask, ms),
  row("memory: heap, document and WebAssembly", (page) => page.memory, (value) => `${value.toFixed(1)} MB`),
  row("elements in the document", (page) => page.elements, (value) => String(value)),
  "",
].join("\n"));
