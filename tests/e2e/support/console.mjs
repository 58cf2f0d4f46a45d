// The console in the words of a person: what things are called on the screen, by role and accessible name. Stories name nothing else.
import assert from "node:assert/strict";
import { until } from "../../support/wait.mjs";

/** The fleet page. */
export const fleet = {
  async open(page) {
    await page.goto("/nodes");
    await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
  },
  card: (page, name) => page.getByRole("article", { name, exact: true }),
  /** The names on the cards, in their order. */
  names: (page) => page.getByRole("article").evaluateAll((cards) => cards.map((card) => card.querySelector("h2, h3")?.textContent.trim())),
  drain: (page, name) => fleet.card(page, name).getByRole("button", { name: /^Drain/ }),
  activate: (page, name) => fleet.card(page, name).getByRole("button", { name: /^Activate/ }),
  share: (page, name) => fleet.card(page, name).getByRole("button", { name: `Copy link to ${name}` }),
};

/** The sign-in page. */
export const signIn = {
  token: (page) => page.getByLabel("Or with a token"),
  async with(page, token) {
    await signIn.token(page).fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
  },
};

/** The sheet that is open. */
export const sheet = {
  of: (page, title) => page.getByRole("dialog", { name: title }),
  reason: (dialog) => dialog.getByRole("textbox", { name: "Reason", exact: true }),
  understood: (dialog) => dialog.getByRole("checkbox", { name: /^I understand that \d+ stateful workloads? stays? on this node/ }),
  submit: (dialog, name) => dialog.getByRole("button", { name, exact: true }),
};

/** Waits for the locator and returns its text. */
export async function textOf(locator) {
  await locator.first().waitFor();
  return (await locator.first().innerText()).replaceAll(/\s+/g, " ");
}

/** Waits until the locator's text matches. */
export function reads(locator, pattern, options) {
  return until(`${locator} to read ${pattern}`, async () => {
    const text = (await locator.first().innerText({ timeout: 1_000 })).replaceAll(/\s+/g, " ");
    if (pattern.test(text)) return text;
    throw new Error(`it reads: ${text}`);
  }, options);
}

/** Holds that the text of a locator matches each of the patterns, all at one time. */
export async function says(locator, ...patterns) {
  const text = await textOf(locator);
  for (const pattern of patterns) assert.match(text, pattern);
  return text;
}

/** Waits until the later part of the console has arrived: who cuts the wire before stops a download, and the browser says so in its log. */
export function allOfItHere(page) {
  return page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name, responseEnd }) => /console-rest-.*wasm/.test(name) && responseEnd > 0));
}
