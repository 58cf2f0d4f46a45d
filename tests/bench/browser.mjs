// What a person in front of a large fleet feels: the first card, the time from a change to its card.
import { readFileSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { join } from "node:path";
import { launch, Person } from "../e2e/support/browser.mjs";

const plain = readFileSync(join(import.meta.dirname, "plain.html"), "utf8");

/** The page by hand, under the style sheet of the console that the server at `port` serves. */
async function pageByHand(port) {
  const console = await (await fetch(`http://127.0.0.1:${port}/sign-in`)).text();
  const [, styles] = console.match(/href="?(\/styles-\w+\.css)/) ?? [];
  if (!styles) throw new Error("the console's page names no style sheet");
  return plain.replace("STYLES", styles);
}

/** A way to the server that also serves the page by hand, so that both pages are reached in the same way. `leadsTo` names the server's port. */
export async function frontDoor() {
  const door = { port: 0 };
  let byHand;
  const listener = createServer(async (near, answer) => {
    if (near.url === "/by-hand") return answer.setHeader("content-type", "text/html").end(await (byHand ??= pageByHand(door.leadsTo)));
    const far = forward({ port: door.leadsTo, host: "127.0.0.1", path: near.url, method: near.method, headers: near.headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    far.on("error", () => answer.destroy());
    answer.on("close", () => far.destroy());
    near.pipe(far);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => listener.once("listening", resolve));
  door.port = listener.address().port;
  door.url = `http://127.0.0.1:${door.port}`;
  door.close = () => listener.closeAllConnections() ?? listener.close();
  return door;
}

/** Milliseconds from the start of the navigation until the first card is painted; the size of the document and of the heap then. Medians of `rounds`. */
export async function firstCard(door, token, path, rounds = 5) {
  const browser = await launch();
  try {
    const person = await (await Person.sitsDown(browser, { url: door.url })).signsIn(door.url, token);
    const { page } = person;
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector("article h2, article h3")) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => (globalThis.firstCardAt = performance.now())));
      }).observe(document, { childList: true, subtree: true });
    });
    const seen = [];
    for (let round = 0; round <= rounds; round += 1) {
      await page.goto(path);
      await page.waitForFunction(() => globalThis.firstCardAt > 0, undefined, { timeout: 60_000 });
      const session = await page.context().newCDPSession(page);
      await session.send("HeapProfiler.collectGarbage");
      const { usedSize } = await session.send("Runtime.getHeapUsage");
      const { ms, elements } = await page.evaluate(() => ({ ms: globalThis.firstCardAt, elements: document.querySelectorAll("*").length }));
      if (round > 0) seen.push({ ms, elements, heap: usedSize });
    }
    const median = (key) => seen.map((row) => row[key]).sort((a, b) => a - b)[Math.floor(seen.length / 2)];
    return { ms: median("ms"), elements: median("elements"), heap: median("heap") };
  } finally {
    await browser.close();
  }
}

/** A card that has not changed by then has lost the change. */
const PAINTED_WITHIN_MS = 20_000;

/** Milliseconds from the moment the engine confirmed a drain (the operation's `finished_at`) until the card says so. */
export async function changeToCard(door, api, token, node, rounds = 10) {
  const browser = await launch();
  try {
    const person = await (await Person.sitsDown(browser, { url: door.url })).signsIn(door.url, token);
    await person.page.goto(`/nodes?q=${node.name}`);
    const card = person.page.getByRole("article", { name: node.name });
    await card.waitFor();
    const seen = [];
    for (let round = 0; round < rounds; round += 1) {
      const word = round % 2 === 0 ? "Maintenance" : "Drain";
      // It watches before anything is asked: what comes within a few milliseconds would be missed else, and seen with the next heartbeat only. It watches
      // the document, since a page may put another card in place of the one that stood there.
      await person.page.evaluate(({ name, word }) => {
        const says = () => document.querySelector(`article[aria-label="${name}"]`)?.innerText ?? "";
        globalThis.paintedAt = new Promise((resolve) => {
          const look = () => says().includes(word) && (word !== "Drain" || !says().includes("Maintenance"));
          const observer = new MutationObserver(() => look() && (observer.disconnect(), requestAnimationFrame(() => resolve(Date.now()))));
          observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
        });
      }, { name: node.name, word });
      const answer = round % 2 === 0 ? await api.drain(node.id) : await api.activate(node.id, "bench");
      if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
      const at = await Promise.race([person.page.evaluate(() => globalThis.paintedAt), new Promise((resolve) => setTimeout(resolve, PAINTED_WITHIN_MS))]);
      if (at === undefined) {
        const [shown, is] = [await card.innerText(), await api.node(node.id)];
        throw new Error(`the card did not say "${word}" within ${PAINTED_WITHIN_MS} ms. It says ${JSON.stringify(shown)}; the API says ${JSON.stringify(is)} of operation ${answer.body.data.id}; the page's log: ${JSON.stringify(person.log)}`);
      }
      const { finished_at: finished } = await api.get(`/nodes/${node.id}/operations/${answer.body.data.id}`);
      seen.push(at - Date.parse(finished));
    }
    return seen;
  } finally {
    await browser.close();
  }
}
