// The browser of the stories: the system's Chromium through playwright-core, a context per person, a watch on its console log, and axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { out } from "../../support/paths.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** One browser for a file of stories. `more`: further words on its command line. */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", ...more],
  });
}

/**
 * Somebody at a browser of their own. `scheme` is "light" or "dark"; `zoom` the pixels of the screen to one of the page. What the page writes to its console is kept in `log`; the browser's own
 * line about a request that was refused is kept apart in `refusals`, as the status, because a refusal is part of several stories.
 */
export class Person {
  log = [];
  refusals = [];

  static async sitsDown(browser, { url, viewport = DESKTOP, scheme = "light", zoom = 1 } = {}) {
    const person = new Person();
    person.context = await browser.newContext({
      baseURL: url,
      viewport,
      deviceScaleFactor: zoom,
      colorScheme: scheme,
      reducedMotion: "reduce",
      locale: "en-GB",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    person.context.setDefaultTimeout(15_000);
    person.page = await person.context.newPage();
    person.page.on("pageerror", (error) => person.log.push(`uncaught: ${error.message}`));
    person.page.on("console", (message) => {
      if (message.type() === "debug") return;
      const text = message.text();
      const refused = text.match(/^Failed to load resource: the server responded with a status of (\d+)/);
      if (refused) person.refusals.push(Number(refused[1]));
      else person.log.push(`${message.type()}: ${text}`);
    });
    return person;
  }

  /** Signs in with a token the way the console does: the session cookie is set by POST /session. */
  async signsIn(url, token) {
    const response = await this.context.request.post(`${url}/api/v1/session`, { data: { token }, headers: { origin: url } });
    if (!response.ok()) throw new Error(`sign-in was answered ${response.status()}: ${await response.text()}`);
    return this;
  }

  async picture(name) {
    await this.page.screenshot({ path: join(out, `${name}.png`), fullPage: false });
  }

  leaves() {
    return this.context.close();
  }
}

/** What axe finds wrong with the page as it is now, by WCAG 2.2 AA and its best practices; empty is good. */
export async function axe(page) {
  // A sheet that is still fading in has the colours of no theme: under load its one frame has been caught.
  await page.evaluate(() => Promise.all(document.getAnimations().filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime)).map((animation) => animation.finished.catch(() => {}))));
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(`${axeSource}; undefined`);
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ["violations"] }), runOnly);
  return violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `    ${node.target.join(" ")}\n      ${node.failureSummary.replaceAll("\n", "\n      ")}`).join("\n")}`);
}
