// Somebody who does not see the screen and has no mouse: what the browser tells a screen reader of the element with the focus and of the page, keys,
// and what live regions say. It knows roles and names and nothing else.
import { until } from "../../support/wait.mjs";

/**
 * Notes what a screen reader says by itself. Said is what changes in a region that stood there before, and an alert that comes. What lies outside of an
 * open modal dialog is said by none, since the browser hides it from them.
 */
function listen() {
  globalThis.pitlaneHeard = [];
  const LIVE = "[aria-live], [role=alert], [role=status], [role=log]";
  const known = new WeakSet();
  const elements = (root) => [...(root.matches?.(LIVE) ? [root] : []), ...(root.querySelectorAll?.(LIVE) ?? [])];
  const hidden = (element) => {
    const modal = [...document.querySelectorAll("dialog:modal")].at(-1);
    return (modal && !modal.contains(element)) || element.closest("[aria-hidden=true]");
  };
  const say = (region, text) => {
    const said = text.replaceAll(/\s+/g, " ").trim();
    if (said && !hidden(region)) globalThis.pitlaneHeard.push(said);
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes, type } of changes) {
      const at = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      const region = at?.closest(LIVE);
      const off = !region || region.getAttribute("aria-live") === "off";
      if (type === "characterData" && !off && known.has(region)) say(region, region.role === "log" ? target.nodeValue : region.textContent);
      for (const node of addedNodes) {
        for (const alert of elements(node).filter((element) => element.matches("[role=alert]"))) say(alert, alert.textContent);
        if (!off && known.has(region)) say(region, region.getAttribute("role") === "log" ? node.textContent : region.textContent);
      }
    }
    for (const element of elements(document)) known.add(element);
  }).observe(document, { childList: true, characterData: true, subtree: true });
}

export class Reader {
  static async of(person) {
    const reader = new Reader();
    reader.page = person.page;
    await person.page.addInitScript(listen);
    reader.wire = await person.context.newCDPSession(person.page);
    await reader.wire.send("Accessibility.enable");
    return reader;
  }

  #told({ role, name, description, value, properties = [] }) {
    const of = (wanted) => properties.find((property) => property.name === wanted)?.value.value;
    return { role: role?.value, name: name?.value ?? "", description: description?.value ?? "", value: value?.value, checked: of("checked"), disabled: of("disabled"), invalid: of("invalid") };
  }

  /** What is told of the element with the focus. */
  async focus() {
    const { result } = await this.wire.send("Runtime.evaluate", { expression: "document.activeElement" });
    const { nodes } = await this.wire.send("Accessibility.getPartialAXTree", { objectId: result.objectId, fetchRelatives: false });
    return this.#told(nodes[0]);
  }

  /** Everything that can be read on the page now. While a modal dialog is open that is the dialog. */
  async everything() {
    const { nodes } = await this.wire.send("Accessibility.getFullAXTree");
    return nodes.filter(({ ignored }) => !ignored).map((node) => this.#told(node));
  }

  /** Waits until there is something of this role and name. */
  finds(role, name) {
    const fits = (one) => one.role === role && (name instanceof RegExp ? name.test(one.name) : one.name === name);
    return until(`${role} “${name}” to be told`, async () => (await this.everything()).find(fits));
  }

  /** Presses Tab until this has the focus. */
  async tabTo(role, name, { key = "Tab", most = 80 } = {}) {
    const passed = [];
    for (let step = 0; step < most; step += 1) {
      await this.page.keyboard.press(key);
      const now = await this.focus();
      if (now.role === role && (name instanceof RegExp ? name.test(now.name) : now.name === name)) return now;
      passed.push(`${now.role} “${now.name}”`);
    }
    throw new Error(`${key} does not lead to ${role} “${name}”; it passes ${passed.join(", ")}`);
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  types(text) {
    return this.page.keyboard.type(text);
  }

  /** Waits until something is said by itself; what was said before `forget` does not count. */
  async hears(pattern) {
    const said = () => this.page.evaluate(() => globalThis.pitlaneHeard);
    return until(`${pattern} to be heard`, async () => {
      const heard = await said();
      const found = heard.find((one) => pattern.test(one));
      if (found) return found;
      throw new Error(`heard: ${JSON.stringify(heard.slice(-8))}`);
    });
  }

  forget() {
    return this.page.evaluate(() => void (globalThis.pitlaneHeard = []));
  }

  heard() {
    return this.page.evaluate(() => globalThis.pitlaneHeard);
  }
}
