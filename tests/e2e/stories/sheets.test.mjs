// What every sheet owes to whoever stands before it: a refusal is seen, what others did meanwhile is said, and nothing is cut off.
import assert from "node:assert/strict";
import { after } from "node:test";
import { container } from "../../support/agent.mjs";
import { Wire } from "../../support/cut.mjs";
import { until } from "../../support/wait.mjs";
import { inSight, wider } from "../support/access.mjs";
import { axe } from "../support/browser.mjs";
import { fleet, reads, says, sheet, signIn } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const volumes = (count) => Array.from({ length: count }, (_, at) => container({ service: `db-${at + 1}`, volumes: [`shop_db_${at + 1}`] }));
const alert = (dialog, words) => dialog.getByRole("alert").filter({ hasText: words });
const seen = (what, words) => until(`“${words}” to be seen where the sheet shows it`, async () => {
  await what.waitFor();
  return inSight(what);
});
/** The value of a time field: local, to the minute. */
const field = (at) => new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
const wire = await Wire.open();
after(() => wire.close());

story("a refusal is brought into sight, whatever the sheet", { settings: { PITLANE_PUBLIC_URL: wire.url }, refusals: [409] }, async (stage) => {
  wire.leadsTo(stage.server.port);
  const one = await stage.agent({ name: "edge-fra-01", containers: volumes(7) });
  const two = await stage.agent({ name: "edge-fra-02", containers: volumes(7) });
  const api = await stage.server.api("operator", "anna");
  const { page } = await stage.person({ role: "admin", name: "ben", url: wire.url });
  const asks = async (path, name) => {
    wire.release();
    await page.goto(path);
    const dialog = sheet.of(page, name);
    await sheet.reason(dialog).fill("Kernel 6.12 reboot");
    await dialog.getByRole("checkbox", { name: /^I understand that/ }).check();
    // What others do from now on is not heard of here.
    wire.hold();
    return dialog;
  };
  const refused = async (dialog, button, words) => {
    await sheet.submit(dialog, button).click();
    await seen(alert(dialog, words), words);
  };

  // The list has changed.
  let dialog = await asks(`/nodes/${one.id}?do=drain`, "Drain edge-fra-01");
  one.containers.containers.push(container({ service: "redis", volumes: ["shop_redis"] }));
  await until("the new container to be known", async () => (await api.get(`/nodes/${one.id}/drain-preview`)).stateful.length === 8);
  await refused(dialog, "Drain node", /you have not seen/);

  // Somebody else has planned one.
  dialog = await asks(`/nodes/${one.id}?do=drain`, "Drain edge-fra-01");
  await dialog.getByRole("combobox", { name: "Begins" }).selectOption({ label: "later" });
  const seen_stateful = (await api.get(`/nodes/${one.id}/drain-preview`)).stateful.map(({ identity }) => identity);
  const plan = { reason: "BIOS update", starts_at: new Date(Date.now() + 7_200_000).toISOString(), seen_stateful };
  assert.equal((await api.call("POST", `/nodes/${one.id}/planned-drain`, plan, { "if-match": "*" })).status, 201);
  await refused(sheet.of(page, "Plan a drain of edge-fra-01"), "Plan drain", /planned already, by anna/);

  // Somebody else has drained the only other one: of one node, and of two.
  dialog = await asks(`/nodes/${one.id}?do=drain`, "Drain edge-fra-01");
  assert.equal((await api.drain(two.id)).status, 202);
  await until("maintenance", async () => (await api.node(two.id)).scheduling === "maintenance");
  await refused(dialog, "Drain node", /No other node takes placements/);
  const three = await stage.agent({ name: "edge-fra-03", containers: volumes(7) });
  await stage.agent({ name: "edge-fra-04" });
  await until("four nodes, three of which take placements", async () => (await api.get("/nodes")).nodes.filter((node) => node.takes_placements).length === 3);
  dialog = await asks(`/nodes?do=drain&nodes=${one.id},${three.id}`, /^Drain 2 nodes/);
  const four = (await api.get("/nodes")).nodes.find(({ name }) => name === "edge-fra-04");
  assert.equal((await api.drain(four.id)).status, 202);
  await until("maintenance", async () => (await api.node(four.id)).scheduling === "maintenance");
  await refused(dialog, "Drain 2 nodes", /Not drained\./);

  // Somebody else has drained this one.
  dialog = await asks(`/nodes/${three.id}?do=drain`, "Drain edge-fra-03");
  assert.equal((await api.drain(three.id, { reason: "New disk" })).status, 202);
  await until("maintenance", async () => (await api.node(three.id)).scheduling === "maintenance");
  await refused(dialog, "Drain node", /Not drained\..*anna put this node into maintenance .*“New disk”/);

  // Low windows: the checks of an activation, and what stands in the way of a removal.
  wire.release();
  await page.setViewportSize({ width: 1024, height: 520 });
  three.docker = { state: "bad", expected: true, detail: "Cannot connect to the Docker daemon" };
  await until("the check to fail", async () => !(await api.get(`/nodes/${three.id}/activation-checks`)).clean);
  await page.goto(`/nodes/${three.id}?do=activate`);
  dialog = sheet.of(page, "Activate edge-fra-03");
  await reads(dialog, /Cannot connect/);
  await refused(dialog, "Activate", /Not activated\./);
  await page.goto(`/nodes/${one.id}?do=remove`);
  dialog = sheet.of(page, "Remove edge-fra-01");
  await reads(dialog, /What stands in the way/);
  await refused(dialog, "Remove node", /It cannot be removed yet/);
});

story("an open sheet says at once that somebody else drained the node, and offers what makes sense then", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: volumes(1) });
  await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api("operator", "anna");
  const { page } = await stage.person({ name: "ben" });
  await page.goto(`/nodes/${agent.id}?do=drain`);
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  assert.equal((await api.drain(agent.id, { reason: "New disk", expected_back_at: new Date(Date.now() + 7_200_000).toISOString() })).status, 202);

  const taken = alert(dialog, /anna put this node into maintenance \d+ s ago: “New disk”/);
  await seen(taken, "anna put this node into maintenance");
  await says(dialog, /Expected back in/);
  assert.equal(await dialog.getByText("After this drain").count(), 0);
  assert.equal(await sheet.submit(dialog, "Drain node").count(), 0, "there is nothing to drain any more");
  assert.equal(await dialog.evaluate((element) => element.contains(document.activeElement)), true, "the focus stays in the sheet");
  assert.deepEqual(await axe(page), []);

  // Back in the scheduler: the sheet asks again, with what was written into it.
  await until("clean checks", async () => (await api.get(`/nodes/${agent.id}/activation-checks`)).clean);
  assert.equal((await api.activate(agent.id)).status, 202);
  await sheet.submit(dialog, "Drain node").waitFor();
  assert.equal(await sheet.reason(dialog).inputValue(), "Kernel 6.12 reboot");
  assert.equal((await api.drain(agent.id, { reason: "Another disk" })).status, 202);
  await alert(dialog, /Another disk/).waitFor();
  await dialog.getByRole("button", { name: "Change maintenance…" }).click();
  const change = sheet.of(page, "Change maintenance of edge-fra-01");
  assert.equal(await sheet.reason(change).inputValue(), "Another disk");
  await page.keyboard.press("Escape");
  await change.waitFor({ state: "hidden" });

  // The key on such a node opens the same.
  await fleet.open(page);
  await fleet.card(page, "edge-fra-01").getByRole("link", { name: "edge-fra-01" }).focus();
  await page.keyboard.press("d");
  await alert(dialog, /Another disk/).waitFor();
  await dialog.getByRole("button", { name: "Activate…" }).click();
  await sheet.of(page, "Activate edge-fra-01").waitFor();
});

story("nothing of the drain sheet is cut off while it begins later, in Arabic neither", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: volumes(1) });
  await stage.agent({ name: "edge-fra-02" });
  for (const language of ["en", "ar", "de"]) {
    const { page } = await stage.person({ name: language });
    await page.addInitScript((code) => localStorage.setItem("pitlane.language", code), language);
    for (const width of [390, 768, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`/nodes/${agent.id}?do=plan`);
      const dialog = page.getByRole("dialog");
      await dialog.locator("input[type=datetime-local]").fill("2020-01-01T00:00");
      await dialog.locator("select").first().selectOption("at");
      await dialog.getByRole("textbox").first().fill("Kernel 6.12 reboot");
      await page.keyboard.press("Enter");
      await until("what is wrong with the time", () => dialog.locator("[aria-invalid=true]").count());
      assert.deepEqual(await wider(page), [], `${language}, ${width}`);
    }
  }
});

story("a wrong time says what is wrong with it, at its field and no longer than it is wrong", { refusals: [422] }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ name: "ben" });
  await page.goto(`/nodes/${agent.id}?do=plan`);
  const dialog = sheet.of(page, "Plan a drain of edge-fra-01");
  const [begins, back] = ["Begins at", "Back at"].map((name) => dialog.getByLabel(name));
  const says = (field, words) => until(`${words}`, async () => {
    const notes = await field.evaluate((input) => document.getElementById(input.getAttribute("aria-describedby"))?.textContent ?? "");
    assert.doesNotMatch(await dialog.innerText(), /starts_at|expected_back_at/);
    return words.test(notes);
  });
  const plans = (reason) => sheet.reason(dialog).fill(reason).then(() => sheet.submit(dialog, "Plan drain").click());
  await begins.fill("9999-12-31T23:59");
  await plans("Kernel 6.12 reboot");
  await says(begins, /begin is more than 90 days away/);
  await begins.fill("");
  await plans("Kernel 6.12 reboot");
  await says(begins, /Say when the drain begins/);
  const [hour, day] = [3_600_000, 86_400_000].map((later) => field(new Date(Date.now() + later)));
  await begins.fill(day);
  await dialog.getByRole("combobox", { name: "Expected back" }).selectOption({ label: "at a time…" });
  await plans("Kernel 6.12 reboot");
  await says(back, /Say when the node is expected back/);
  await back.fill(hour);
  await plans("Kernel 6.12 reboot");
  await says(back, /expected back before its drain begins/);
  // Corrected: what is said next is about the field that is wrong now.
  await back.fill(field(new Date(Date.now() + 2 * 86_400_000)));
  await plans("ab");
  await reads(dialog, /at least 3 characters/);
  assert.equal(await back.getAttribute("aria-invalid"), null);

  // What only the server refuses stands at its field too, without the field's name for programs.
  const api = await stage.server.api("operator", "anna");
  assert.equal((await api.drain(agent.id, { reason: "New disk" })).status, 202);
  await alert(dialog, /New disk/).waitFor();
  await page.goto(`/nodes/${agent.id}?do=maintenance`);
  const change = sheet.of(page, "Change maintenance of edge-fra-01");
  await change.getByLabel("Expected back").fill("2020-01-01T00:00");
  await sheet.submit(change, "Save").click();
  await until("the field to be wrong", async () => (await change.getByLabel("Expected back").getAttribute("aria-invalid")) === "true");
  assert.match(await change.innerText(), /The time at which the node is expected back lies in the past/);
  assert.doesNotMatch(await change.innerText(), /expected_back_at/);
});

story("a session that ended leads back to the sheet, with what was written into it", { refusals: [401] }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const token = await stage.server.token("operator", "ben");
  const person = await stage.person({ name: "ben" });
  const { page } = person;
  const path = `/nodes?do=drain&node=${agent.id}`;
  await page.goto(path);
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await person.context.clearCookies();
  await sheet.submit(dialog, "Drain node").click();
  await seen(alert(dialog, /Not drained\. Sign in first/), "Sign in first");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await signIn.with(page, token);
  await dialog.waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, path);
  assert.equal(await sheet.reason(dialog).inputValue(), "Kernel 6.12 reboot");

  // The same where the sheet could not read what it shows.
  await person.context.clearCookies();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "hidden" });
  await fleet.drain(page, "edge-fra-01").click();
  await reads(dialog, /could not be read/);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await signIn.with(page, token);
  await sheet.reason(dialog).waitFor();
  assert.equal(await sheet.reason(dialog).inputValue(), "", "nothing was written into this one");
});

story("a link may say 90m, 2h or 1d, and many nodes have their line for a terminal", {}, async (stage) => {
  const agents = [];
  for (const name of ["edge-fra-01", "edge-fra-02", "edge-fra-03"]) agents.push(await stage.agent({ name }));
  const { page } = await stage.person({ name: "ben" });
  const expected = (page) => sheet.of(page, "Drain edge-fra-01").getByRole("combobox", { name: "Expected back" });
  for (const [back, chosen] of [["2h", "120"], ["1d", "1440"], ["90", "at"], ["90m", "at"], ["soon", ""]]) {
    await page.goto(`/nodes/${agents[0].id}?do=drain&reason=Kernel&back=${back}`);
    await sheet.reason(sheet.of(page, "Drain edge-fra-01")).waitFor();
    assert.equal(await expected(page).inputValue(), chosen, back);
  }
  await page.goto(`/nodes/${agents[0].id}?do=drain&back=90m`);
  const at = await sheet.of(page, "Drain edge-fra-01").getByLabel("Back at").inputValue();
  assert.ok(Math.abs(Date.parse(at) - Date.now() - 5_400_000) < 120_000, at);

  await page.goto(`/nodes?do=drain&nodes=${agents[0].id},${agents[1].id}`);
  const dialog = sheet.of(page, "Drain 2 nodes");
  await sheet.reason(dialog).fill("It's the kernel");
  await dialog.getByText("The same from a terminal").click();
  await dialog.getByRole("button", { name: "Copy the command" }).click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(command, "pitlane drain edge-fra-01 edge-fra-02 --reason 'It'\\''s the kernel' --wait");
});
