// Sections of docs/performance.md. Each is written by who measured it and is left alone by the others.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/paths.mjs";

export const report = join(root, "docs/performance.md");

/** What stands there: the text before the first section, and each section with its heading, by title. */
function read() {
  const text = existsSync(report) ? readFileSync(report, "utf8") : "# Performance\n";
  const [head, ...parts] = text.split(/^(?=## )/m);
  return { head, parts: parts.map((part) => ({ title: part.match(/^## (.*)$/m)[1], part })) };
}

const whole = (parts) => `${parts.map((part) => part.trimEnd()).join("\n\n")}\n`;

/** Puts a section where one of that title stands, else at the end. */
export function putSection(title, body) {
  const { head, parts } = read();
  const section = { title, part: `## ${title}\n\n${body}` };
  const at = parts.findIndex((one) => one.title === title);
  if (at < 0) parts.push(section);
  else parts[at] = section;
  writeFileSync(report, whole([head, ...parts.map(({ part }) => part)]));
}

/** What a bench measured, beside its budgets: told on the terminal as it comes, and put into the report as a table. */
export class Measurements {
  #lines = [];
  #missed = false;

  /** One figure. `within`: whether its budget is kept; absent where it has none. */
  row = (what, measured, budget = "", within = undefined) => {
    const verdict = within === undefined ? "" : within ? ": kept" : ": **missed**";
    this.#lines.push(`| ${what} | ${measured} | ${budget}${verdict} |`);
    this.#missed ||= within === false;
    console.log(`${within === false ? "MISSED " : ""}${what}: ${measured}${budget && ` (budget ${budget})`}`);
  };

  /** Writes the section: how it was measured, and the table. */
  put(title, how) {
    putSection(title, [how, "", "| what | measured | budget |", "|---|---|---|", ...this.#lines, ""].join("\n"));
  }

  /** For `process.exitCode`. */
  get status() {
    return this.#missed ? 1 : 0;
  }
}
