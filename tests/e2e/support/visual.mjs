// Whether a screen still looks as it did when somebody last looked at it. The pictures of then stand in tests/e2e/visual and are reviewed like code;
// PITLANE_PICTURES=write makes them anew. What moves by itself is pinned: ages read "5 s", nothing is in motion, and the caret is hidden.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { out, root } from "../../support/paths.mjs";

const kept = join(root, "tests/e2e/visual");
/** The share of pixels that may differ: another build of the same browser draws edges of letters a little differently. */
const MOST = 0.01;

/** Every age and time of day on the page, now and when it is painted anew, becomes the same one. Only what is shown is touched. */
async function pin(page) {
  await page.evaluate(() => {
    const walk = () => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const text = texts.currentNode;
        const said = text.nodeValue.replace(/\b\d+ (s|min)\b/g, "5 s").replace(/\b\d\d:\d\d(:\d\d)?\b/g, "12:00");
        if (said !== text.nodeValue) text.nodeValue = said;
      }
    };
    walk();
    new MutationObserver(walk).observe(document.body, { childList: true, characterData: true, subtree: true });
  });
}

/** Holds that the screen looks as it is kept. `mask`: locators of what is drawn from the time of day. */
export async function looksAsKept(page, name, { mask = [] } = {}) {
  await pin(page);
  await page.evaluate(() => document.fonts.ready);
  const shot = await page.screenshot({ animations: "disabled", caret: "hide", mask, maskColor: "#888888" });
  const path = join(kept, `${name}.png`);
  if (process.env.PITLANE_PICTURES === "write") {
    mkdirSync(kept, { recursive: true });
    writeFileSync(path, shot);
    return;
  }
  assert.ok(existsSync(path), `there is no picture ${name}: make it with PITLANE_PICTURES=write, look at it, and commit it`);
  const [was, is] = [PNG.sync.read(readFileSync(path)), PNG.sync.read(shot)];
  const size = ({ width, height }) => `${width} × ${height}`;
  assert.equal(size(is), size(was), name);
  const difference = new PNG({ width: was.width, height: was.height });
  const pixels = pixelmatch(was.data, is.data, difference.data, was.width, was.height, { threshold: 0.2 });
  const share = pixels / (was.width * was.height);
  if (share <= MOST) return;
  writeFileSync(join(out, `visual-${name}-is.png`), shot);
  writeFileSync(join(out, `visual-${name}-difference.png`), PNG.sync.write(difference));
  assert.fail(`${name} looks different: ${(share * 100).toFixed(1)} % of its pixels. See tests/e2e/out/visual-${name}-*.png; if it is meant, PITLANE_PICTURES=write`);
}
