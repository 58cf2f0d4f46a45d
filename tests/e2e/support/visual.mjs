// Whether a screen still looks as it did when somebody last looked at it. The pictures of then stand in tests/e2e/visual and are reviewed like code;
// PITLANE_PICTURES=write makes them anew. What moves by itself is pinned: ages read "5 s", nothing is in motion, and the caret is hidden.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { out, root } from "../../support/paths.mjs";

const kept = join(root, "tests/e2e/visual");
/**
 * A picture is compared by tiles of so many pixels, of which so large a share may differ: another build of the same browser draws edges of letters a
 * little differently, everywhere a little. What has vanished, moved or come differs in one place, and there a lot.
 */
const TILE = 16;
const MOST = 0.04;

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

/** A kept picture. */
export const picture = (name) => PNG.sync.read(readFileSync(join(kept, `${name}.png`)));

/** Where two pictures of one size differ: the tiles, each as "x 64, y 32", and a picture of the differences. */
export function compared(was, is) {
  const { width, height } = was;
  const difference = new PNG({ width, height });
  pixelmatch(was.data, is.data, difference.data, width, height, { threshold: 0.1, diffMask: true });
  const tiles = [];
  for (let y = 0; y < height; y += TILE) {
    for (let x = 0; x < width; x += TILE) {
      const [right, bottom] = [Math.min(x + TILE, width), Math.min(y + TILE, height)];
      let pixels = 0;
      for (let row = y; row < bottom; row += 1) for (let column = x; column < right; column += 1) if (difference.data[(row * width + column) * 4 + 3] > 0) pixels += 1;
      if (pixels / ((right - x) * (bottom - y)) > MOST) tiles.push(`x ${x}, y ${y}`);
    }
  }
  return { tiles, difference };
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
  const [was, is] = [picture(name), PNG.sync.read(shot)];
  const size = ({ width, height }) => `${width} × ${height}`;
  assert.equal(size(is), size(was), name);
  const { tiles, difference } = compared(was, is);
  if (tiles.length === 0) return;
  writeFileSync(join(out, `visual-${name}-is.png`), shot);
  writeFileSync(join(out, `visual-${name}-difference.png`), PNG.sync.write(difference));
  assert.fail(`${name} looks different at ${tiles.slice(0, 8).join(", ")}${tiles.length > 8 ? ` and ${tiles.length - 8} places more` : ""}. See tests/e2e/out/visual-${name}-*.png; if it is meant, PITLANE_PICTURES=write`);
}
