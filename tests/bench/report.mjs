// Writes docs/performance.md from what was measured: numbers, the budget beside each, and on which machine.
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { writeBeforeLabs } from "./section.mjs";

export class Report {
  rows = [];
  files = [];
  notes = [];

  /** One line of the table. `within`: whether the budget is kept, or undefined where there is none. */
  add(what, measured, budget = "", within = undefined) {
    this.rows.push({ what, measured, budget, within });
    console.log(`${within === false ? "OVER  " : "      "}${what}: ${measured}${budget && ` (budget ${budget})`}`);
  }

  write({ command }) {
    const verdict = { true: "kept", false: "**missed**", undefined: "" };
    const lines = [
      "# Performance",
      "",
      `Written by \`${command}\`; do not edit by hand. Measured on ${new Date().toISOString().slice(0, 10)} on ${cpus().length} × ${cpus()[0].model.trim()}, ` +
        `${Math.round(totalmem() / 1024 ** 3)} GiB, Linux ${release()}, with the release build, Chromium and the load generator on the same machine. ` +
        "So the ratios carry further than the absolute numbers: everything that is measured shares the processors with what measures it.",
      "",
      "| what | measured | budget | |",
      "|---|---|---|---|",
      ...this.rows.map(({ what, measured, budget, within }) => `| ${what} | ${measured} | ${budget} | ${verdict[within]} |`),
      "",
      "## A first visit, file by file",
      "",
      "Bytes on the wire as Chromium counted them, without headers.",
      "",
      "| file | encoding | bytes |",
      "|---|---|---|",
      ...this.files.map(({ url, encoding, bytes }) => `| \`${new URL(url).pathname}\` | ${encoding ?? "as is"} | ${bytes} |`),
      "",
      "## How it is measured",
      "",
      ...this.notes.map((note) => `- ${note}`),
      "",
    ];
    writeBeforeLabs(lines.join("\n"));
  }
}

/** The files of the size tier, which has just run. */
export const sizeResult = (out) => JSON.parse(readFileSync(join(out, "size.json"), "utf8"));
