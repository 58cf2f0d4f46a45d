// A fleet of two thousand nodes: to its end and back, by keys, by table, by group, and by a view that was saved.
import assert from "node:assert/strict";
import { LargeFleet } from "../../bench/fleet.mjs";
import { until } from "../../support/wait.mjs";
import { axe } from "../support/browser.mjs";
import { fleet, reads } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const COUNT = 2_000;
const settings = { PITLANE_LATE_AFTER: "10m", PITLANE_OFFLINE_AFTER: "20m", PITLANE_HEARTBEAT_RATE_PER_SECOND: "10000" };
const roles = ["edge", "build", "database"];

async function enrolled(stage) {
  const nodes = new LargeFleet(stage.server, { labels: (at) => ({ role: roles[at % roles.length] }) });
  await nodes.grow(COUNT, await stage.server.enrolmentToken({ multiUse: true }));
  return nodes;
}

/** The cards or rows in the document. */
const there = (page) => page.getByRole("article").or(page.getByRole("row").filter({ has: page.getByRole("link") }));
const focused = (page) => page.evaluate(() => document.activeElement.textContent);
const scroll = (page, y) => page.evaluate((y) => window.scrollTo(0, y), y);

story("two thousand nodes are scrolled, searched and walked through", { settings }, async (stage) => {
  const nodes = await enrolled(stage);
  const { page } = await stage.person();
  await fleet.open(page);
  await reads(page.getByRole("main"), /2,?000 nodes · 2,?000 take placements/);
  await fleet.card(page, "node-00000").waitFor();
  assert.ok((await there(page).count()) < 120, "not all of them stand in the document");
  assert.equal(await fleet.card(page, "node-00000").getAttribute("aria-setsize"), String(COUNT), "how many there are is told to a screen reader");

  // The focus stays where it is when its card is scrolled away, and the arrows go on from there.
  await fleet.card(page, "node-00005").getByRole("link", { name: "node-00005" }).focus();
  await scroll(page, 1e9);
  await fleet.card(page, "node-01999").waitFor();
  assert.equal(await focused(page), "node-00005");
  await page.keyboard.press("ArrowRight");
  await until("the next node to have the focus", async () => (await focused(page)) === "node-00006");
  assert.deepEqual(await axe(page), []);

  // A card that showed another node before says nothing of it, wherever one scrolls to.
  for (const y of [6_000, 2_500, 20_000, 1_500]) {
    await scroll(page, y);
    await until("cards on the screen", () => page.evaluate(() => [...document.querySelectorAll("article")].filter((card) => card.getBoundingClientRect().top < innerHeight).length > 4));
    const cards = await page.getByRole("article").evaluateAll((cards) => cards.map((card) => ({
      name: card.getAttribute("aria-label"),
      head: card.querySelector("h3").textContent,
      place: Number(card.getAttribute("aria-posinset")),
      link: new URL(card.querySelector("h3 a").href).pathname,
      buttons: [...card.querySelectorAll("button")].map((button) => button.ariaLabel ?? button.textContent.trim()),
    })));
    for (const { name, head, place, link, buttons } of cards) {
      assert.equal(head, name);
      assert.equal(place, Number(name.slice(5)) + 1);
      assert.equal(link, `/nodes/${nodes.nodes[place - 1].id}`);
      assert.deepEqual(buttons, [`Select ${name}`, `Copy link to ${name}`, "Drain"]);
    }
  }
  let looked;
  const reused = await until("the cards to have found their places", async () => {
    const before = looked;
    looked = await page.getByRole("article").nth(12).getAttribute("aria-label");
    return looked === before && looked;
  });
  await fleet.drain(page, reused).click();
  await page.getByRole("dialog", { name: new RegExp(reused) }).waitFor();
  await page.keyboard.press("Escape");

  // What is not in the document is found.
  await page.keyboard.press("/");
  await page.keyboard.type("node-01234");
  await until("the one node", async () => (await fleet.names(page)).join() === "node-01234");
  await page.getByRole("searchbox", { name: "Search nodes" }).fill("");

  // Nor does the browser's own search find it, so its keys lead to one that does, say so once, and are the browser's again from there.
  await page.evaluate(() => addEventListener("keydown", (event) => event.key === "f" && setTimeout(() => (globalThis.led = event.defaultPrevented))));
  const pressed = async () => {
    await page.evaluate(() => delete globalThis.led);
    await page.keyboard.press("Control+f");
    return until("the key to be handled", async () => [await page.evaluate(() => globalThis.led)].filter((led) => led !== undefined).map((led) => ({ led }))[0]);
  };
  const search = page.getByRole("searchbox", { name: "Search nodes" });
  await until("all nodes", async () => (await there(page).count()) > 10);
  await fleet.card(page, "node-00000").getByRole("link", { name: "node-00000" }).focus();
  assert.deepEqual(await pressed(), { led: true });
  await until("the search to have the focus", () => search.evaluate((field) => field === document.activeElement));
  const hint = page.getByText("The browser's own search finds only those near the screen");
  await hint.waitFor();
  assert.match(await search.evaluate((field) => document.getElementById(field.getAttribute("aria-describedby")).textContent), /Finds every node/);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(await pressed(), { led: false });
  await fleet.card(page, "node-00000").getByRole("link", { name: "node-00000" }).focus();
  await hint.waitFor({ state: "hidden" });
  assert.deepEqual(await pressed(), { led: true });
  assert.equal(await hint.count(), 0, "once is enough");
  // With as few as stand in the document, the browser finds them all.
  await search.fill("node-0000");
  await until("ten nodes", async () => (await there(page).count()) === 10);
  await fleet.card(page, "node-00000").getByRole("link", { name: "node-00000" }).focus();
  assert.deepEqual(await pressed(), { led: false });
  await search.fill("");

  // Back from a node's page to where one was.
  await until("all nodes", async () => (await there(page).count()) > 10);
  await scroll(page, 40_000);
  const seen = await until("a card in the middle", async () => {
    const name = await page.evaluate(() => [...document.querySelectorAll("article")].find((card) => card.getBoundingClientRect().top >= 0)?.getAttribute("aria-label"));
    return name > "node-00100" && name;
  });
  await fleet.card(page, seen).getByRole("link", { name: seen }).click();
  await page.getByRole("heading", { name: seen, level: 1 }).waitFor();
  await page.goBack();
  await until("the card to be on the screen again", () =>
    fleet.card(page, seen).evaluate((card) => card.getBoundingClientRect().top > -40 && card.getBoundingClientRect().bottom < innerHeight + 400),
  );
  nodes.close();
});

story("a table in groups, by columns of one's own, saved as a view", { settings }, async (stage) => {
  const nodes = await enrolled(stage);
  const { page } = await stage.person();
  await fleet.open(page);
  await page.getByRole("button", { name: "Table" }).click();
  const table = page.getByRole("table", { name: "Nodes" });
  await table.waitFor();
  assert.equal(await table.getAttribute("aria-rowcount"), String(COUNT + 1));
  await page.getByRole("combobox", { name: "Group" }).selectOption("role");
  const group = page.getByRole("button", { name: "build", exact: true });
  await group.waitFor();
  await reads(table, /667 nodes · 667 take placements · .* free/);
  await group.click();
  await until("the group to be folded up", async () => (await group.getAttribute("aria-expanded")) === "false");

  await page.getByRole("button", { name: "CPU" }).click();
  await until("the order in the address", () => /sort=cpu/.test(page.url()));
  assert.equal(await page.getByRole("columnheader", { name: "CPU" }).getAttribute("aria-sort"), "descending");

  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("checkbox", { name: "Role", exact: true }).check();
  await page.getByRole("columnheader", { name: "Role", exact: true }).waitFor();
  await page.getByRole("textbox", { name: "Name of this view" }).fill("Busy builders");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const saved = page.getByRole("link", { name: "Busy builders" });
  await saved.waitFor();
  assert.deepEqual(await axe(page), []);
  const view = new URL(page.url());
  assert.match(view.search, /sort=cpu&group=role&view=table&cols=.*role.*&folded=real:build/);

  // Elsewhere and back by the view, by the back button, and by a reload.
  await page.goto("/nodes");
  await fleet.card(page, "node-00000").waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("link", { name: "Busy builders" }).click();
  await page.getByRole("columnheader", { name: "Role", exact: true }).waitFor();
  assert.equal(new URL(page.url()).search, view.search);
  await page.goBack();
  await fleet.card(page, "node-00000").waitFor();
  await page.goForward();
  await page.reload();
  await page.getByRole("columnheader", { name: "Role", exact: true }).waitFor();
  nodes.close();
});

story("numbers are written as the reader's language writes them", { settings }, async (stage) => {
  const nodes = await enrolled(stage);
  for (const [language, all, chip, selected] of [["en", "2,000", /^All 2,000/, /2,000 selected/], ["de", "2.000", /^Alle 2\.000/, /2\.000 ausgewählt/]]) {
    const { page } = await stage.person();
    await page.addInitScript((code) => localStorage.setItem("pitlane.language", code), language);
    await page.goto("/nodes");
    await fleet.card(page, "node-00000").waitFor();
    const button = page.getByRole("button", { name: chip });
    await button.waitFor();
    assert.ok((await button.innerText()).includes(all), "for the eye as for the ear");
    await page.getByRole("checkbox", { name: /node-00000/ }).click();
    await page.getByRole("button", { name: new RegExp(`${all.replace(".", "\\.")} (shown|gezeigten)`) }).click();
    await page.getByText(selected).first().waitFor();
  }
  nodes.close();
});
