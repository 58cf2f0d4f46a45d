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
