// What everybody needs of a screen, whoever they are: axe, targets that a finger hits, nothing wider than the screen, and a focus that is seen.
import assert from "node:assert/strict";
import { axe, DESKTOP, PHONE } from "./browser.mjs";

const LOOKS = [
  ["wide, light", DESKTOP, "light"],
  ["phone, light", PHONE, "light"],
  ["phone, dark", PHONE, "dark"],
  ["wide, dark", DESKTOP, "dark"],
];

/** How much wider than the screen the page is, and what makes it so. A part with a scroller of its own is no part of that. */
export const wider = (page) =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const scrolls = (element) => element && (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element.parentElement))
      .map((element) => `wider than the screen: ${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 40)}`);
  });

/** What can be pressed and is smaller than 24 by 24 pixels, and has not the room of such a one around it either (WCAG 2.2, 2.5.8). */
const smallTargets = (page) =>
  page.evaluate(() => {
    const selector = "a[href], button, input, select, textarea, summary, [role=checkbox], [role=option], [tabindex]:not([tabindex='-1']):not([role=region])";
    // What floats over the page is moved out of the way by scrolling or closed: only what lies side by side is in each other's way.
    const layer = (element) => (!element || element.matches("[popover]") || (/fixed|sticky/.test(getComputedStyle(element).position) && !element.matches("th, td")) ? element : layer(element.parentElement));
    const open = [...document.querySelectorAll("dialog[open]")].at(-1);
    const targets = [...(open ?? document).querySelectorAll(selector)]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .map((element) => {
        // A label is pressed as its field is.
        const boxes = [element, ...(element.labels ?? [])].map((part) => part.getBoundingClientRect());
        const [left, top] = ["left", "top"].map((edge) => Math.min(...boxes.map((box) => box[edge])));
        const [right, bottom] = ["right", "bottom"].map((edge) => Math.max(...boxes.map((box) => box[edge])));
        return { element, layer: layer(element), left, top, right, bottom, small: right - left < 23.9 || bottom - top < 23.9 };
      })
      .filter(({ left, right, top, bottom }) => right - left > 1 && bottom - top > 1);
    const inSentence = ({ element }) => element.tagName === "A" && getComputedStyle(element).display === "inline" && element.parentElement.textContent.trim().length > element.textContent.trim().length + 3;
    // The circle of 24 pixels around the middle of a small one meets neither another one nor its circle.
    const meets = (one, other) => {
      const [x, y] = [(one.left + one.right) / 2, (one.top + one.bottom) / 2];
      if (other.small) return Math.hypot(x - (other.left + other.right) / 2, y - (other.top + other.bottom) / 2) < 24;
      const [dx, dy] = [Math.max(other.left - x, 0, x - other.right), Math.max(other.top - y, 0, y - other.bottom)];
      return Math.hypot(dx, dy) < 12;
    };
    return targets
      .filter((one) => one.small && !inSentence(one))
      .flatMap((one) => {
        const near = targets.find((other) => other !== one && other.layer === one.layer && !one.element.contains(other.element) && !other.element.contains(one.element) && meets(one, other));
        const name = ({ element }) => (element.getAttribute("aria-label") ?? element.textContent.trim()).slice(0, 40) || element.tagName;
        const size = `${Math.round(one.right - one.left)} × ${Math.round(one.bottom - one.top)}`;
        return near ? [`a small target: “${name(one)}” has ${size} pixels, and “${name(near)}” is near`] : [];
      });
  });

/** Everything that is wrong with what is on the screen now, on a wide screen and a phone, in the light and in the dark. */
async function look(person, name) {
  const { page } = person;
  const found = [];
  for (const [shape, viewport, colorScheme] of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await painted(page);
    const light = colorScheme === "light";
    if (process.env.PITLANE_LOOK) await person.picture(`look-${name}-${shape}`.replaceAll(/\W+/g, "-"));
    const wrong = [...(await axe(page)), ...(light ? [...(await wider(page)), ...(await smallTargets(page))] : [])];
    found.push(...wrong.map((wrong) => `${name} (${shape}): ${wrong}`));
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(DESKTOP);
  return found;
}

/** Walks through states, one after another: what each is called, where it is, and how it is reached from there. */
export async function through(person, states) {
  const found = [];
  for (const [name, path, reach] of states) {
    if (path) await person.page.goto(path);
    await reach(person.page);
    found.push(...(await look(person, name)));
  }
  assert.deepEqual(found, []);
}

/** The element with the focus: what it is called, whether it can be seen at all, and whether it shows that it has the focus. */
export const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const edge = (low, high, at) => low + 1 + ((high - low - 2) * at) / 4;
    const own = (hit) => hit && (element.contains(hit) || hit.contains(element) || [...(element.labels ?? [])].some((label) => label.contains(hit)));
    const points = [0, 1, 2, 3, 4].flatMap((x) => [0, 1, 2, 3, 4].map((y) => [edge(left, right, x), edge(top, bottom, y)]));
    const style = getComputedStyle(element);
    return {
      name: `${element.tagName} ${(element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent).trim().slice(0, 50)}`,
      seen: points.some(([x, y]) => own(document.elementFromPoint(x, y))),
      // A field for a time shows it on the part of it that has the focus.
      ring: /^datetime/.test(element.type) || (element.matches(":focus-visible") && style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2),
    };
  });

/** Resolves once what was changed is on the screen. */
export const painted = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/** Walks with Tab, or with `key`, until the focus leaves the page or comes back to where it began, and says which stops were not seen. */
export async function walk(page, { key = "Tab", most = 32 } = {}) {
  const stops = [];
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press(key);
    await painted(page);
    const stop = await focused(page);
    // The browser's own controls come between the end and the beginning.
    if (!stop) {
      if (stops.length > 0) break;
      continue;
    }
    const again = await page.evaluate(() => {
      const known = (globalThis.pitlaneStops ??= new WeakSet());
      const was = known.has(document.activeElement);
      known.add(document.activeElement);
      return was;
    });
    // A field for a time has several stops inside.
    if (again && !/datetime|INPUT/.test(stop.name)) break;
    stops.push(stop);
  }
  await page.evaluate(() => (globalThis.pitlaneStops = undefined));
  return stops;
}

/** Where colours are the system's: which states are told by nothing that is left of them, and which shapes are not to be seen. */
export const told = (page) =>
  page.evaluate(() => {
    const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().width > 1;
    const look = (element) =>
      ["", "::before", "::after"]
        .map((part) => getComputedStyle(element, part || undefined))
        .map((style) => [style.color, style.backgroundColor, style.borderTopColor, style.borderTopWidth, style.borderTopStyle, style.outlineStyle, style.outlineColor, style.visibility, style.display, style.content].join())
        .join(";");
    const states = ["aria-pressed=true", "aria-current=page", "aria-checked=true", "aria-selected=true"].map((state) => state.split("="));
    const alike = states.flatMap(([attribute, value]) =>
      [...document.querySelectorAll(`[${attribute}="${value}"]`)].filter(seen).flatMap((element) => {
        const kin = [...document.querySelectorAll(`${element.tagName}${element.getAttribute("role") ? `[role=${element.getAttribute("role")}]` : ""}`)];
        const other = kin.find((one) => seen(one) && one.className === element.className && one.getAttribute(attribute) !== value && one.parentElement.className === element.parentElement.className);
        const name = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 30);
        return other && look(other) === look(element) ? [`“${name}” looks as if it were not ${attribute}=${value}`] : [];
      }),
    );

    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const luminance = (colour) => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => (Math.max(luminance(one), luminance(other)) + 0.05) / (Math.min(luminance(one), luminance(other)) + 0.05);
    const ground = getComputedStyle(document.body).backgroundColor;
    const faint = [...document.querySelectorAll("svg path, svg rect")]
      .filter((shape) => seen(shape.ownerSVGElement) && !shape.closest("button, a"))
      .flatMap((shape) => {
        const { fill, stroke } = getComputedStyle(shape);
        const drawn = [fill, stroke].filter((colour) => colour !== "none");
        return drawn.length === 0 || drawn.some((colour) => contrast(colour, ground) >= 3) ? [] : [`a shape of “${shape.closest("li, p, article, section, span")?.textContent.trim().slice(0, 30)}” is not seen: ${drawn}`];
      });
    return [...new Set([...alike, ...faint])];
  });

/** Text that is cut off by what it stands in. What scrolls is not, and what stands in a table's cell is on the node's page whole. */
export const clipped = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((element) => {
        if (!element.checkVisibility({ visibilityProperty: true }) || element.closest("svg, table, [aria-hidden=true]")) return false;
        const style = getComputedStyle(element);
        const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue.trim());
        if (!own || style.clipPath !== "none" || /auto|scroll/.test(style.overflowX + style.overflowY)) return false;
        const wide = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && (style.overflowX !== "visible" || /BUTTON|SELECT/.test(element.tagName));
        const high = element.scrollHeight > element.clientHeight + 2 && element.clientHeight > 0 && (style.overflowY !== "visible" || /BUTTON|SELECT/.test(element.tagName));
        return wide || high;
      })
      .map((element) => `cut off: ${element.tagName} “${element.textContent.trim().slice(0, 40)}”`),
  );
