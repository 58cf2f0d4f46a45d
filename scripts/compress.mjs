// Puts a brotli and a gzip copy beside every file of a folder that gets smaller by it. The server only picks; it never
// compresses the console at run time.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node scripts/compress.mjs <folder>");
  process.exit(2);
}

// What suits text, and what suits a program better (tried on both parts of it): whichever is smaller.
const ways = [{}, { [constants.BROTLI_PARAM_LGBLOCK]: 20, [constants.BROTLI_PARAM_NDIRECT]: 15 }];
const smallest = (content) =>
  ways
    .map((way) => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length, ...way } }))
    .reduce((best, other) => (other.length < best.length ? other : best));

let files = 0;
let plain = 0;
let brotli = 0;
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /^\.|\.(br|gz)$/.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const content = readFileSync(path);
  const br = smallest(content);
  const gz = gzipSync(content, { level: 9 });
  if (br.length < content.length) writeFileSync(`${path}.br`, br);
  if (gz.length < content.length) writeFileSync(`${path}.gz`, gz);
  files += 1;
  plain += content.length;
  brotli += Math.min(br.length, content.length);
}
const kb = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
console.log(`console: ${files} files, ${kb(plain)}, with brotli ${kb(brotli)}`);
