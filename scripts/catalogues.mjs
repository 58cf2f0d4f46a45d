// Run by Trunk at the end of a build. Makes a catalogue of every translation (assets/i18n/*.po), under a name with a hash, and a link to it in
// the page: `assets/boot.js` fetches the one that is wanted, and nobody else pays for it. A translation is added by adding its file.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tool } from "./tools.mjs";

const { TRUNK_SOURCE_DIR: source, TRUNK_STAGING_DIR: staging } = process.env;
if (!source || !staging) {
  console.error("scripts/catalogues.mjs is called by Trunk, which says where the build is");
  process.exit(2);
}
const { po } = tool("gettext-parser");

/** What stands around a value in a language that is written from the right, so that a node's name does not turn the sentence around. */
const [OPEN, CLOSE] = ["\u2068", "\u2069"];
const ORDER = ["zero", "one", "two", "few", "many", "other"];

/** Fails where the file counts otherwise than browsers do: the program asks them which form a number takes. */
function sameForms(language, header) {
  const [, count, formula] = /nplurals\s*=\s*(\d+)\s*;\s*plural\s*=\s*([^;]+)/.exec(header ?? "") ?? [];
  if (!formula || !/^[n\d\s%=<>!&|?:()]+$/.test(formula)) throw new Error(`${language}: Plural-Forms cannot be read`);
  const form = new Function("n", `return Number(${formula})`);
  const rules = new Intl.PluralRules(language);
  const categories = ORDER.filter((name) => rules.resolvedOptions().pluralCategories.includes(name));
  for (let n = 0; n <= 1000; n += 1) {
    if (form(n) !== categories.indexOf(rules.select(n))) throw new Error(`${language}: Plural-Forms and the browser disagree about ${n}`);
  }
  if (Number(count) !== categories.length) throw new Error(`${language}: Plural-Forms has ${count} forms of ${categories.length}`);
  return categories;
}

/** `{ msgid: sentence | { one: …, other: … } }`; a context stands before its msgid as gettext has it. What is not translated, or not surely, is left out. */
function catalogue(language, { headers, translations }) {
  const forms = sameForms(language, headers["Plural-Forms"]);
  const around = headers["X-Direction"] === "rtl" ? (text) => text.replace(/\{[^{}]*\}/g, `${OPEN}$&${CLOSE}`) : (text) => text;
  const words = {};
  for (const [context, entries] of Object.entries(translations)) {
    for (const { msgid, msgid_plural: plural, msgstr, comments } of Object.values(entries)) {
      if (!msgid || /\bfuzzy\b/.test(comments?.flag ?? "") || msgstr.some((text) => !text)) continue;
      if (plural && msgstr.length !== forms.length) throw new Error(`${language}: “${msgid}” has ${msgstr.length} forms of ${forms.length}`);
      words[context ? `${context}\u0004${msgid}` : msgid] = plural ? Object.fromEntries(forms.map((form, at) => [form, around(msgstr[at])])) : around(msgstr[0]);
    }
  }
  return words;
}

const folder = join(source, "assets", "i18n");
mkdirSync(join(staging, "i18n"), { recursive: true });
const links = readdirSync(folder).filter((name) => name.endsWith(".po")).sort().map((name) => {
  const language = name.replace(/\.po$/, "");
  const file = po.parse(readFileSync(join(folder, name)));
  const text = JSON.stringify(catalogue(language, file));
  const href = `i18n/${language}-${createHash("sha256").update(text).digest("hex").slice(0, 16)}.json`;
  writeFileSync(join(staging, href), text);
  return `<link rel="catalogue" hreflang="${language}" title="${file.headers["X-Name"]}" data-dir="${file.headers["X-Direction"]}" href="${href}">`;
});
const index = join(staging, "index.html");
const page = readFileSync(index, "utf8");
const place = /<meta name="?catalogues"?\s*\/?>/;
if (!place.test(page)) throw new Error("index.html has no place for the links to catalogues");
writeFileSync(index, page.replace(place, links.join("")));
