// What Lighthouse says of the fleet page, signed in, on a desk and on a phone: `node tests/bench/lighthouse.mjs`, or as a part of `make bench`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import desktop from "lighthouse/core/config/desktop-config.js";
import lighthouse from "lighthouse";
import { launch } from "../e2e/support/browser.mjs";
import { out } from "../support/paths.mjs";
import { freePort, Server } from "../support/server.mjs";
import { putSection } from "./section.mjs";

const CATEGORIES = ["accessibility", "best-practices", "performance"];
// The console is a tool of the desk. How fast Lighthouse's slow phone on its slow network gets it is told, and not asked: the program alone takes that
// network longer than the limit allows any page.
const LEAST = { desktop: { accessibility: 1, "best-practices": 1, performance: 0.95 }, mobile: { accessibility: 1, "best-practices": 1, performance: 0 } };

/** Scores from 0 to 1 per category, and what lost points, in words. `form`: "desktop" or "mobile" (with Lighthouse's slow phone and network). */
async function judged({ url, token, form, path = "/nodes" }) {
  const port = await freePort();
  const browser = await launch([`--remote-debugging-port=${port}`]);
  try {
    const flags = { port, output: "html", onlyCategories: CATEGORIES, logLevel: "error", extraHeaders: { Authorization: `Bearer ${token}` } };
    const { lhr, report } = await lighthouse(`${url}${path}`, flags, form === "desktop" ? desktop : undefined);
    writeFileSync(join(out, `lighthouse-${form}.html`), report);
    if (lhr.runtimeError) throw new Error(`Lighthouse: ${lhr.runtimeError.message}`);
    const scores = Object.fromEntries(CATEGORIES.map((name) => [name, lhr.categories[name].score]));
    const lost = Object.values(lhr.audits)
      .filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && ["binary", "numeric", "metricSavings"].includes(scoreDisplayMode))
      .map(({ id, displayValue }) => (displayValue ? `${id} (${displayValue})` : id));
    return { scores, lost };
  } finally {
    await browser.close();
  }
}

/** Both forms beside a fleet of the size of the pictures; with what is asked of each. */
async function lighthouseRows() {
  const server = await Server.start({ name: "lighthouse" });
  try {
    for (let at = 1; at <= 12; at += 1) await server.agent({ name: `edge-fra-${String(at).padStart(2, "0")}` });
    const token = await server.token("viewer");
    const rows = [];
    for (const form of ["desktop", "mobile"]) {
      const { scores, lost } = await judged({ url: server.url, token, form });
      rows.push({ form, scores, lost, within: CATEGORIES.every((name) => scores[name] >= LEAST[form][name]) });
    }
    return rows;
  } finally {
    await server.stop();
  }
}

const rows = await lighthouseRows();
console.log(JSON.stringify(rows, null, 2));
putSection("Lighthouse", [
  `The fleet page, signed in, on ${new Date().toISOString().slice(0, 10)}. Written by \`node tests/bench/lighthouse.mjs\`, which \`make bench\` runs. On a phone performance is told and not asked.`,
  "",
  `| | ${CATEGORIES.join(" | ")} | lost points |`,
  `|---|${CATEGORIES.map(() => "---|").join("")}---|`,
  ...rows.map(({ form, scores, lost, within }) => `| ${form}${within ? "" : " (**missed**)"} | ${CATEGORIES.map((name) => Math.round(scores[name] * 100)).join(" | ")} | ${lost.join(", ") || "nothing"} |`),
  "",
].join("\n"));
process.exitCode = rows.every(({ within }) => within) ? 0 : 1;
