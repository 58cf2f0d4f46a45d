// Writes docs/conformance.md from the logs of the last `make test`: which check of the conformance suite holds on which engine. It shows what
// ran, and nothing that did not: a check without a line in a log is "not run".
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");
const log = (tier) => read(join(root, "tests/e2e/out", `${tier}.log`));

const suite = read(join(root, "crates/engine/src/conformance/mod.rs"));
const checks = [...suite.slice(suite.indexOf("$callback! {"), suite.indexOf("list!")).matchAll(/^ {12}([a-z_]+),$/gm)].map(([, name]) => name);

// cargo says before each test binary which one it is; a lab has the suite in a module of its own. With --nocapture a test's own words may stand
// between its name and its result.
const embedded = (file) => log("rust").split(/^ +Running /m).find((part) => part.startsWith(`tests/${file}.rs`)) ?? "";
const engines = [
  { title: "embedded, in memory", text: embedded("conformance"), prefix: "" },
  { title: "embedded, on SQLite", text: embedded("embedded_on_sqlite"), prefix: "" },
  { title: "Docker Swarm", text: log("lab_swarm"), prefix: "conformance::", driver: "swarm" },
  { title: "Kubernetes", text: log("lab_kubernetes"), prefix: "conformance::", driver: "kubernetes" },
];

/** What a driver's tests list as not to be asked of its engine. The suite fails where a listed check holds after all. */
function notHere({ driver }) {
  const line = driver ? read(join(root, `crates/engine-${driver}/tests/lab/conformance.rs`)) : "";
  return [...(line.match(/not_here: &\[(.*?)\]/s)?.[1] ?? "").matchAll(/"([a-z_]+)"/g)].map(([, name]) => name);
}

function verdict(engine, check) {
  const found = engine.text.match(new RegExp(`^test ${engine.prefix}${check} \\.\\.\\. ([^]*?)(ok|FAILED)$`, "m"));
  if (!found) return "not run";
  if (found[2] === "FAILED") return "**fails**";
  return notHere(engine).includes(check) ? "not asked" : "holds";
}

const rows = checks.map((check) => [check.replaceAll("_", " "), ...engines.map((engine) => verdict(engine, check))]);
const row = (cells) => `| ${cells.join(" | ")} |`;
writeFileSync(
  join(root, "docs/conformance.md"),
  `# The engines side by side

What every driver promises, and what the suite (\`crates/engine/src/conformance\`) found on the real engines: a store, a swarm of three nodes, a Kubernetes
control plane with its own scheduler. Written by \`node scripts/conformance.mjs\` from the logs of the last \`make test\`. "Not asked": the engine cannot be asked
this, and the suite fails if that is not so (Kubernetes' cloud controller removes nodes, Pitlane does not).

${row(["check", ...engines.map(({ title }) => title)])}
${row(["---", ...engines.map(() => "---")])}
${rows.map(row).join("\n")}
`,
);
for (const [index, { title }] of engines.entries()) {
  const count = (word) => rows.filter((cells) => cells[index + 1] === word).length;
  console.log(`${title}: ${count("holds")} hold, ${count("not asked")} not asked, ${count("**fails**")} fail, ${count("not run")} not run`);
}
