// What a person sees in a lab's story: pictures to be looked at beside the design, and the moment in which something is painted.
import { join } from "node:path";
import { out } from "../support/paths.mjs";

/** Both themes, three widths. */
export async function pictures(page, name) {
  const size = page.viewportSize();
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [390, 768, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: join(out, `${name}-${colorScheme}-${width}.png`) });
    }
  }
  await page.setViewportSize(size);
}

/** When the card of this name reads like that: the page itself notes it, and its clock is this machine's. */
export const painted = (page, name, pattern) =>
  page.evaluate(
    ([source, name]) =>
      new Promise((resolve) => {
        const wanted = new RegExp(source);
        const look = () => {
          const card = [...document.querySelectorAll("article")].find((card) => card.querySelector("h2, h3")?.textContent.trim() === name);
          if (card && wanted.test(card.innerText.replaceAll(/\s+/g, " "))) requestAnimationFrame(() => resolve(Date.now()));
          else requestAnimationFrame(look);
        };
        look();
      }),
    [pattern.source, name],
  );
