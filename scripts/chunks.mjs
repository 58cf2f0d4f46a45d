// Puts the chunks that scripts/split/wasm-bindgen cut off into a folder that Trunk built: each made small by wasm-opt, under a name with a
// hash, and the module that loads them likewise. Whoever names one of them gets a new name too, so that everything may be cached for ever.
// On the way the two modules lose what only people read, and the style sheets become two: together they compress better.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tool } from "./tools.mjs";

const { minify } = tool("terser");
const [dist, chunks] = process.argv.slice(2);
if (!chunks) {
  console.error("usage: node scripts/chunks.mjs <dist> <chunks>");
  process.exit(2);
}
// As in index.html, for the main part.
const features = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"].map((name) => `--enable-${name}`);
const hash = (content) => createHash("sha256").update(content).digest("hex").slice(0, 16);
const put = (name, content) => writeFileSync(join(dist, name), content);
const only = (names, what) => {
  if (names.length !== 1) throw new Error(`expected one ${what} in the build, found: ${names.join(", ") || "none"}`);
  return names[0];
};

const scratch = mkdtempSync(join(tmpdir(), "pitlane-chunks-"));
let link = readFileSync(join(chunks, "__wasm_split.js"), "utf8");
for (const name of readdirSync(chunks).filter((name) => name.endsWith(".wasm") && name !== "pitlane-console.wasm")) {
  const small = join(scratch, name);
  execFileSync("wasm-opt", ["-Oz", ...features, join(chunks, name), "-o", small]);
  const content = readFileSync(small);
  const named = `console-rest-${hash(content)}.wasm`;
  put(named, content);
  if (!link.includes(`./${name}`)) throw new Error(`nothing loads the chunk ${name}`);
  link = link.replaceAll(`./${name}`, `./${named}`);
}
rmSync(scratch, { recursive: true });

// The main module and the one that loads chunks name each other, so one hash over both goes into both names.
const main = only(readdirSync(dist).filter((name) => /^pitlane-console-[0-9a-f]+\.js$/.test(name)), "main module");
const script = readFileSync(join(dist, main), "utf8");
const build = hash(script + link);
const [newMain, newLink] = [`pitlane-console-${build}.js`, `console-chunks-${build}.js`];
const small = async (module) => (await minify(module, { module: true, compress: { passes: 2 } })).code;
put(newLink, await small(link.replaceAll("./pitlane-console.js", `./${newMain}`)));
// The statement names a file; the same words in the table of imports are the program's own name for it, and stay.
const statement = /from "\.\/__wasm_split\.js"/;
if (!statement.test(script)) throw new Error("the main module does not load chunks");
put(main, await small(script.replace(statement, `from "./${newLink}"`)));
renameSync(join(dist, main), join(dist, newMain));
const page = readFileSync(join(dist, "index.html"), "utf8");
if (!page.includes(main)) throw new Error("the page does not load the main module");
put("index.html", joined(page.replaceAll(main, newMain)));

/** Two style sheets in place of all, in their order: what the first visit needs, and what the later part of the console brings along. */
function joined(page) {
  const [first, later, ...more] = page.split(/<meta [^>]*name="?later"?[^>]*>/);
  if (later === undefined || more.length > 0) throw new Error("the page does not say once where the later style sheets begin");
  return oneSheet(first, "styles", "stylesheet") + oneSheet(later, "later", "later");
}

/** The style sheets of a part of the page become one. */
function oneSheet(part, stem, rel) {
  const links = [...part.matchAll(/<link [^>]*?href="?\/?([\w.-]+\.css)"?[^>]*>/g)];
  if (links.length < 2) throw new Error("the page has no style sheets to join");
  const all = links.map(([, name]) => readFileSync(join(dist, name), "utf8")).join("\n");
  const name = `${stem}-${hash(all)}.css`;
  put(name, all);
  for (const [, each] of links) rmSync(join(dist, each));
  return links.reduce((text, [link], at) => text.replace(link, at === 0 ? `<link rel=${rel} href=/${name}>` : ""), part);
}
