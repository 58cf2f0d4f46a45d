// Other languages: chosen or the browser's, fetched only where they are wanted, and right to left where they are written so. The palette.
import assert from "node:assert/strict";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { wider } from "../support/access.mjs";
import { axe, PHONE } from "../support/browser.mjs";
import { fleet, reads, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const stateful = [container({ service: "db", volumes: ["pgdata"] })];

/** The catalogues that a page asks for from now on. */
function catalogues(page) {
  const asked = [];
  page.on("request", (request) => {
    if (request.url().includes("/i18n/")) asked.push(new URL(request.url()).pathname);
  });
  return asked;
}

const chooses = (page, code) => page.addInitScript((code) => localStorage.setItem("pitlane.language", code), code);

story("who reads English downloads no catalogue, and chooses another language in the settings", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  const asked = catalogues(page);
  await fleet.open(page);
  await fleet.card(page, "edge-fra-01").waitFor();
  assert.deepEqual(asked, [], "English stands in the program");
  await page.getByRole("button", { name: "Keys and settings" }).click();
  await page.getByRole("dialog", { name: "Keys and settings" }).getByRole("combobox", { name: "Language" }).selectOption("de");
  await page.getByRole("heading", { name: "Knoten", level: 1 }).waitFor();
  assert.equal(asked.length, 1);
  // The page was loaded again, and the sheet is where it was, with the focus on the choice; once.
  const language = page.getByRole("dialog", { name: "Tastenkürzel und Einstellungen" }).getByRole("combobox", { name: "Sprache" });
  await until("the focus on the language", () => language.evaluate((field) => field === document.activeElement));
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByRole("button", { name: "Tastenkürzel und Einstellungen" }).waitFor();
  await fleet.card(page, "edge-fra-01").waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
});

story("a drain in German", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01", containers: stateful });
  await stage.agent({ name: "edge-fra-02" });
  const person = await stage.person();
  const { page } = person;
  await chooses(page, "de");
  await page.goto("/nodes");
  await fleet.card(page, "edge-fra-01").getByRole("button", { name: "Drain", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Drain von edge-fra-01" });
  await dialog.getByRole("textbox", { name: "Grund", exact: true }).fill("Kernel 6.12");
  await dialog.getByRole("checkbox", { name: /^Ich habe verstanden, dass 1 zustandsbehafteter Workload/ }).check();
  await person.picture("german-drain");
  await dialog.getByRole("button", { name: "Drain ausführen" }).click();
  await dialog.getByText("In Wartung, von der Engine bestätigt.").waitFor();
  await dialog.getByRole("button", { name: "Schließen" }).last().click();
  await fleet.card(page, "edge-fra-01").getByText("Wartung", { exact: true }).waitFor();
  await person.picture("german-fleet");
});

/** Holds that nothing is left in English: no marked sentence, and none of the words that hardly an English sentence does without. */
async function readsForeign(place) {
  const text = (await place.innerText()).replaceAll(/\s+/g, " ");
  assert.deepEqual(text.match(/[^.·]*\b(the|this|that|is|are|were|of|and|by|no|asked|stays?|moved|takes|nothing)\b[^.·]*/gi), null, text);
  assert.deepEqual(await place.locator("[lang=en]").allInnerTexts(), []);
  return text;
}

story("what the server says is German too: guards and risks, a refusal, why it waits for nobody, the log", { refusals: [409] }, async (stage) => {
  const node = await stage.agent({ name: "edge-fra-01", containers: stateful });
  const other = await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api("operator", "ada");
  await api.drain(other.id);
  await until("the other to be out", async () => (await api.node(other.id)).scheduling === "maintenance");
  const { page } = await stage.person({ name: "bob" });
  await chooses(page, "de");
  await page.goto(`/nodes?do=drain&node=${node.id}`);
  const dialog = page.getByRole("dialog", { name: "Drain von edge-fra-01" });
  await dialog.getByText("Kein anderer Knoten nimmt Platzierungen an. Nach diesem Drain könnte nirgends etwas Neues starten.").waitFor();
  await dialog.getByText("1 der zustandsbehafteten Workloads hat Daten nur auf diesem Knoten.").waitFor();
  await dialog.getByRole("row").filter({ hasText: "pgdata" }).getByText("wartet auf diesen Knoten").waitFor();
  await readsForeign(dialog);
  await dialog.getByRole("textbox", { name: "Grund", exact: true }).fill("Kernel 6.12");
  await dialog.getByRole("checkbox", { name: /^Ich habe verstanden/ }).check();
  await dialog.getByRole("button", { name: "Drain ausführen" }).click();
  await dialog.getByRole("alert").getByText("Bestätigen Sie, dass danach kein Knoten mehr Platzierungen annimmt.").waitFor();
  await dialog.getByRole("checkbox", { name: "Drain ausführen, obwohl kein anderer Knoten Platzierungen annimmt." }).check();
  node.containers.containers = [...stateful, container({ service: "redis", volumes: ["shop_redis"] })];
  await until("the new container to be known", async () => (await api.get(`/nodes/${node.id}/drain-preview`)).stateful.length === 2);
  await dialog.getByRole("button", { name: "Drain ausführen" }).click();
  await dialog.getByRole("alert").getByText(/^Drain nicht ausgeführt\. Was auf diesem Knoten bleibt, hat sich geändert: .* Sehen Sie die neue Liste an\.$/).waitFor();
  await readsForeign(dialog);
  assert.deepEqual(await axe(page), []);

  await page.goto(`/nodes/${other.id}?do=activate`);
  const checks = page.getByRole("dialog", { name: /aktivieren/i });
  await checks.getByText("Heartbeat aktuell").waitFor();
  await checks.getByText("Drain vor weniger als einer Minute, von ada.").waitFor();
  await readsForeign(checks);

  await page.goto("/activity");
  await page.getByText("Hat einen Drain angefordert.").waitFor();
  await page.getByText("In Wartung: Die Engine hat es bestätigt.").waitFor();
  await page.getByText("Terminal des Servers").first().waitFor();
  await readsForeign(page.getByRole("main"));
  assert.deepEqual(await axe(page), []);
});

story("a bulk operation that is stopped says why in German", {}, async (stage) => {
  const nodes = [await stage.agent({ name: "edge-01" }), await stage.agent({ name: "edge-02", containers: stateful }), await stage.agent({ name: "edge-03" })];
  const api = await stage.server.api("operator", "ada");
  const { body } = await api.call("POST", "/bulk-operations", { kind: "drain", reason: "Kernel 6.12", allow_last_schedulable: true, nodes: nodes.map(({ id }) => ({ node_id: id, seen_stateful: [] })) });
  const { page } = await stage.person({ name: "bob" });
  await chooses(page, "de");
  await page.goto(`/bulk/${body.data.id}`);
  const why = "Was auf diesem Knoten bleibt, hat sich geändert: 1 zustandsbehafteter Workload, den Sie nicht gesehen haben. Sehen Sie die neue Liste an.";
  await page.getByRole("row").filter({ hasText: "edge-02" }).getByText(why).waitFor();
  await page.getByRole("region", { name: "Weiter", exact: true }).getByText(why).waitFor();
  await readsForeign(page.getByRole("main"));
  assert.deepEqual(await axe(page), []);
  await page.goto("/activity?kind=bulk_changed");
  await page.getByText(`Der Drain von 3 Knoten (edge-01, edge-02, edge-03) wurde bei edge-02 angehalten: ${why}`).waitFor();
  await readsForeign(page.getByRole("main"));
});

story("what an engine said stays as it came, and is marked as English", {}, async (stage) => {
  const node = await stage.agent({ name: "edge-fra-01" });
  node.docker = { state: "bad", expected: true, detail: "Cannot connect to the Docker daemon" };
  const { page } = await stage.person();
  await chooses(page, "ar");
  await page.goto(`/nodes/${node.id}`);
  const said = page.getByText("Cannot connect to the Docker daemon", { exact: true });
  await said.first().waitFor();
  assert.deepEqual(await said.first().evaluate((element) => [element.lang, element.dir]), ["en", "auto"]);
  assert.deepEqual(await axe(page), []);
});

for (const [shape, viewport] of [["wide", undefined], ["phone", PHONE]]) {
  story(`Arabic is read from the right, and axe finds nothing: ${shape}`, {}, async (stage) => {
    const node = await stage.agent({ name: "edge-fra-01", containers: stateful });
    await stage.agent({ name: "edge-fra-02" });
    const person = await stage.person(viewport ? { viewport } : {});
    const { page } = person;
    await chooses(page, "ar");
    const pages = [
      ["fleet", "/nodes", () => fleet.card(page, "edge-fra-01").waitFor()],
      ["node", `/nodes/${node.id}`, () => page.getByRole("heading", { name: "edge-fra-01", level: 1 }).waitFor()],
      ["drain", `/nodes?do=drain&node=${node.id}`, () => page.getByRole("dialog", { name: /سحب/ }).getByRole("textbox", { name: "السبب" }).waitFor()],
      ["log", "/activity", () => page.getByText("سُجّل وكيل.").first().waitFor()],
    ];
    for (const [name, path, ready] of pages) {
      await page.goto(path);
      await ready();
      assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
      await person.picture(`arabic-${name}-${shape}`);
      assert.deepEqual(await axe(page), [], name);
      assert.deepEqual(await wider(page), [], name);
      if (["drain", "log"].includes(name)) await readsForeign(name === "drain" ? page.getByRole("dialog") : page.getByRole("main"));
    }
  });
}

story("a catalogue that does not arrive is said, in English", { outage: true }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const { page } = await stage.person();
  await chooses(page, "ar");
  await page.route("**/i18n/**", (route) => route.abort());
  await fleet.open(page);
  await page.getByText(/العربية could not be loaded, so the console speaks English/).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
});

story("saved views, the density and a plan are reached from the palette and the settings", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ name: "on-call" });
  await page.goto("/nodes?q=fra-02&sort=name");
  await fleet.card(page, "edge-fra-02").waitFor();
  const palette = page.getByRole("dialog", { name: "Command palette" });
  const does = async (words, line) => {
    await page.keyboard.press("Control+k");
    await palette.getByRole("combobox", { name: "Find a node or a command" }).fill(words);
    await palette.getByRole("option", { name: line, selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await palette.waitFor({ state: "hidden" });
  };
  await does("save", "Save this view…");
  const name = page.getByRole("textbox", { name: "Name of this view" });
  await until("the name to be typed", () => name.evaluate((field) => field === document.activeElement));
  await page.keyboard.type("Frankfurt two");
  await page.keyboard.press("Enter");
  const views = page.getByRole("dialog", { name: "Views" });
  await views.getByRole("link", { name: "Frankfurt two", exact: true }).waitFor();

  // The density, from here and from there, is one.
  const compact = () => page.evaluate(() => document.documentElement.dataset.density);
  await does("close", "Let things stand close");
  assert.equal(await compact(), "compact");
  await page.getByRole("button", { name: "Views" }).click();
  assert.equal(await views.getByRole("checkbox", { name: "Compact" }).isChecked(), true);
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  const settings = page.getByRole("dialog", { name: "Keys and settings" });
  await settings.getByRole("checkbox", { name: "Let cards and rows stand close" }).uncheck();
  assert.equal(await compact(), undefined);
  await reads(settings.getByRole("region", { name: "Choosing nodes" }), /x Select the node with the focus.*Shift x .*Shift ← → ↑ ↓ .*Esc/);
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  await settings.waitFor({ state: "hidden" });

  // From another page to the view, by the palette and by the settings.
  await page.goto("/activity");
  await page.getByRole("heading", { name: "Activity", level: 1 }).waitFor();
  await does("frankfurt", "Go to view Frankfurt two");
  await until("the one node", async () => (await fleet.names(page)).join() === "edge-fra-02");
  assert.equal(new URL(page.url()).search, "?q=fra-02&sort=name");
  await page.goto("/activity");
  await page.getByRole("heading", { name: "Activity", level: 1 }).waitFor();
  await page.keyboard.press("?");
  await settings.getByRole("region", { name: "Saved views" }).getByRole("link", { name: "Frankfurt two" }).click();
  await until("the one node", async () => (await fleet.names(page)).join() === "edge-fra-02");
  await settings.waitFor({ state: "hidden" });

  // A plan: the drain sheet with its beginning later; and once there is one, the sheet that changes it.
  await does("plan a drain of fra-01", "Plan a drain of edge-fra-01…");
  const dialog = sheet.of(page, "Plan a drain of edge-fra-01");
  assert.equal(await dialog.getByRole("combobox", { name: "Begins" }).inputValue(), "later");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await sheet.submit(dialog, "Plan drain").click();
  await dialog.waitFor({ state: "hidden" });
  await page.goto("/nodes");
  await reads(fleet.card(page, "edge-fra-01"), /Drain planned in/);
  await does("plan fra-01", "Change the planned drain of edge-fra-01");
  await sheet.of(page, "Change the planned drain of edge-fra-01").waitFor();
});

story("the palette drains without a mouse, and says why a viewer may not", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const person = await stage.person();
  const { page } = person;
  await fleet.open(page);
  await fleet.card(page, "edge-fra-02").waitFor();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await palette.getByRole("combobox", { name: "Find a node or a command" }).fill("drain 02");
  await palette.getByRole("option", { name: "Drain edge-fra-02", selected: true }).waitFor();
  await person.picture("palette");
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Enter");
  const dialog = sheet.of(page, "Drain edge-fra-02");
  await sheet.reason(dialog).fill("Kernel 6.12");
  await page.keyboard.press("Enter");
  await dialog.getByText("In maintenance, confirmed by the engine.").waitFor();

  const viewer = await stage.person({ role: "viewer" });
  await fleet.open(viewer.page);
  await fleet.card(viewer.page, "edge-fra-01").waitFor();
  await viewer.page.keyboard.press("Control+k");
  const theirs = viewer.page.getByRole("dialog", { name: "Command palette" });
  await theirs.getByRole("combobox").fill("drain 01");
  const option = theirs.getByRole("option", { name: /^Drain edge-fra-01/ });
  await option.getByText("Needs the operator role").waitFor();
  assert.equal(await option.getAttribute("aria-disabled"), "true");
  await viewer.page.keyboard.press("Enter");
  await until("the palette to stay", () => theirs.isVisible());
});

story("nothing is lost at 320 pixels, and forced colours keep every state told", {}, async (stage) => {
  const node = await stage.agent({ name: "edge-fra-01", containers: stateful });
  await stage.agent({ name: "edge-fra-02" });
  const person = await stage.person({ viewport: { width: 320, height: 640 } });
  const { page } = person;
  for (const path of ["/nodes", `/nodes/${node.id}`, "/activity", `/nodes?do=drain&node=${node.id}`, `/nodes?do=share&node=${node.id}`]) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByText("edge-fra-01").first().waitFor();
    assert.deepEqual(await wider(page), [], path);
  }
  await page.emulateMedia({ forcedColors: "active" });
  await page.goto("/nodes");
  await fleet.card(page, "edge-fra-01").waitFor();
  await person.picture("forced-colours");
  assert.deepEqual(await axe(page), []);
});
