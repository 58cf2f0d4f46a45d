// A link to a node's status, opened by somebody else.
import assert from "node:assert/strict";
import { request } from "node:http";
import { until } from "../../support/wait.mjs";
import { fleet, says, sheet, signIn, textOf } from "../support/console.mjs";
import { axe, PHONE } from "../support/browser.mjs";
import { story } from "../support/story.mjs";

story("copies a link that a colleague opens in another browser", { refusals: [401] }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-02" });
  await stage.agent({ name: "edge-fra-01" });
  const api = await stage.server.api();
  await api.drain(agent.id, { reason: "Kernel 6.12 reboot" });
  await until("maintenance", async () => (await api.node(agent.id)).scheduling === "maintenance");

  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  await fleet.share(page, "edge-fra-02").click();
  await page.getByText("Link copied").first().waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, `${stage.server.url}/nodes/${agent.id}`);

  // A colleague who is not signed in is asked to, and then stands where the link leads.
  const token = await stage.server.token("viewer", "colleague");
  const colleague = await stage.person({ role: null });
  await colleague.page.goto(link);
  await signIn.with(colleague.page, token);
  await colleague.page.getByRole("heading", { name: "edge-fra-02", level: 1 }).waitFor();
  assert.equal(colleague.page.url(), link);
  await says(colleague.page.getByRole("main"), /Maintenance/, /Kernel 6\.12 reboot/);
});

/** What a terminal gets. */
function curl(url) {
  return new Promise((resolve, reject) => {
    const ask = request(url, { headers: { "user-agent": "curl/8.5.0", accept: "*/*" } }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: answer.statusCode, text }));
    });
    ask.on("error", reject).end();
  });
}

story("a public link: one node's status, live, for somebody without an account, until it is revoked", { refusals: [404] }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-02" });
  await stage.agent({ name: "edge-fra-01" });
  const api = await stage.server.api();
  await api.drain(agent.id, { reason: "Kernel 6.12 reboot", expected_back_at: new Date(Date.now() + 7_200_000).toISOString() });
  await until("maintenance", async () => (await api.node(agent.id)).scheduling === "maintenance");

  const { page } = await stage.person({ name: "on-call" });
  await page.goto(`/nodes/${agent.id}`);
  await page.getByRole("button", { name: "Share status…" }).click();
  const dialog = sheet.of(page, "Share the status of edge-fra-02");
  await says(dialog, /The reason becomes public/);
  await dialog.getByLabel("The link works for").selectOption({ label: "Until the node is activated" });
  await dialog.getByRole("button", { name: "Make public link" }).click();
  await dialog.getByRole("button", { name: "Copy: Public link" }).click();
  await dialog.getByText("works until the node is activated").waitFor();
  assert.deepEqual(await axe(page), []);
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, new RegExp(`^${stage.server.url}/shared/[\\w-]{43}$`));

  // Somebody at a phone, without an account: what they wait for, and nothing else. It follows without a reload.
  const guest = await stage.person({ role: null, viewport: PHONE, scheme: "dark" });
  await guest.page.goto(link);
  await guest.page.getByRole("heading", { name: "edge-fra-02", level: 1 }).waitFor();
  await guest.page.getByText("Live", { exact: true }).waitFor();
  const shown = await says(guest.page.locator("body"), /Maintenance/, /Kernel 6\.12 reboot/, /Expected back/, /Last heartbeat \d+ s ago/);
  assert.doesNotMatch(shown, /on-call|test-operator|edge-fra-01|10\.|stateful/i);
  assert.deepEqual(await axe(guest.page), []);
  const revision = (await api.node(agent.id)).revision;
  await api.call("PATCH", `/nodes/${agent.id}/maintenance`, { reason: "A new disk" }, { "if-match": `"${revision}"` });
  await guest.page.getByText("A new disk").waitFor();

  const text = await curl(link);
  assert.equal(text.status, 200);
  assert.match(text.text, /^edge-fra-02: maintenance, healthy\nreason +A new disk\n/);

  // Revoked: the open page says so at once, and shows nothing of the node any more.
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await guest.page.getByRole("heading", { name: "This link shows nothing" }).waitFor();
  assert.doesNotMatch(await textOf(guest.page.locator("body")), /edge-fra-02|disk/);
  await dialog.getByText("None works now.").waitFor();
  // The address that was just made is not handed out any more.
  assert.equal(await dialog.getByText("This address is shown only now").count(), 0);
  assert.equal(await dialog.getByRole("button", { name: /^Copy: (Public link|Badge)/ }).count(), 0);
  assert.equal((await curl(link)).status, 404);
});

story("a shared page that is cut off says how old it is and calls nothing fresh, until the server is back", { outage: true }, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-02" });
  const api = await stage.server.api();
  const { body } = await api.call("POST", `/nodes/${agent.id}/share-links`, { lifetime: "1h" });
  const { page } = await stage.person({ role: null });
  await page.goto(body.data.url);
  const main = page.getByRole("main");
  await page.getByText("Live", { exact: true }).waitFor();
  await says(main, /Healthy/, /Last heartbeat \d+ s ago fresh/);
  assert.equal(await page.getByRole("alert").count(), 0);

  await stage.server.kill();
  await page.getByRole("alert").getByText("The connection to Pitlane is lost.").waitFor({ timeout: 20_000 });
  await page.getByText(/^What you see is \d+ s old\.$/).waitFor();
  await page.getByText("Reconnecting", { exact: true }).waitFor();
  assert.doesNotMatch(await main.innerText(), /fresh/);
  assert.deepEqual(await axe(page), []);

  await stage.server.launch();
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByRole("alert").waitFor({ state: "detached" });
  await says(main, /Healthy/);
});
