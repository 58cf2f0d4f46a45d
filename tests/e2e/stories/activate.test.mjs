// Activating: one click when every check is clean, the checks and an override when they are not.
import assert from "node:assert/strict";
import { until } from "../../support/wait.mjs";
import { fleet, reads, says, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

/** A node in maintenance, drained by `by`. */
async function drained(stage, name, by) {
  const agent = await stage.agent({ name });
  await stage.agent({ name: `${name}-other` });
  const api = await stage.server.api("operator", by);
  const { status, body } = await api.drain(agent.id);
  assert.equal(status, 202, JSON.stringify(body));
  await until("maintenance", async () => (await api.node(agent.id)).scheduling === "maintenance");
  return { agent, api };
}

story("activates with one click once the checks are clean", {}, async (stage) => {
  const { agent, api } = await drained(stage, "edge-fra-01", "on-call");
  await until("clean checks", async () => (await api.get(`/nodes/${agent.id}/activation-checks`)).clean);
  const { page } = await stage.person({ name: "on-call" });
  await page.goto(`/nodes/${agent.id}`);
  await page.getByRole("heading", { name: "edge-fra-01", level: 1 }).waitFor();
  const checks = page.getByRole("region", { name: "Ready to activate?" });
  await reads(checks, /Heartbeat fresh/);
  await says(checks, /Clean for the settle window/, /Docker/, /Caddy/);
  await page.getByRole("button", { name: "Activate", exact: true }).click();
  await until("the node to be schedulable", async () => (await api.node(agent.id)).scheduling === "schedulable");
  await page.getByRole("button", { name: /^Drain/ }).waitFor();
  await reads(page.getByRole("region", { name: "Activity" }), /activat.* · by on-call/i);
});

story("a node whose Docker is not ready is activated only with a reason", {}, async (stage) => {
  const { agent, api } = await drained(stage, "edge-ams-02", "on-call");
  agent.docker = { state: "bad", expected: true, detail: "Cannot connect to the Docker daemon" };
  await until("the bad signal to arrive", async () => (await api.node(agent.id)).health === "degraded");
  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  const card = fleet.card(page, "edge-ams-02");
  await reads(card, /Docker not ready/);
  await says(card, /Maintenance/, /Degraded/, /Activate…/);
  await fleet.activate(page, "edge-ams-02").click();

  const dialog = sheet.of(page, "Activate edge-ams-02");
  await reads(dialog, /Heartbeat fresh/);
  await says(dialog, /Docker/, /Cannot connect to the Docker daemon/);
  assert.equal((await api.activate(agent.id)).body.error.code, "activation_blocked", "the server refuses as well");
  const override = sheet.submit(dialog, "Activate anyway");
  await override.click();
  await reads(dialog, /at least 3 characters/);
  await dialog.getByRole("textbox", { name: "Reason for the override" }).fill("Traffic is needed more than Docker");
  await override.click();
  await until("the node to be schedulable", async () => (await api.node(agent.id)).scheduling === "schedulable");

  await page.goto("/activity");
  await reads(page.getByRole("main"), /Traffic is needed more than Docker/);
  const asked = (await api.activity()).find(({ kind }) => kind === "activate_requested");
  assert.equal(asked.reason, "Traffic is needed more than Docker");
});

story("a node that somebody else drained a moment ago is not activated by one click", {}, async (stage) => {
  const { agent, api } = await drained(stage, "edge-fra-01", "night-shift");
  await until("clean checks", async () => (await api.get(`/nodes/${agent.id}/activation-checks`)).clean);
  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  await fleet.activate(page, "edge-fra-01").click();
  const dialog = sheet.of(page, "Activate edge-fra-01");
  await reads(dialog, /Drained less than a minute ago by night-shift\. Activate anyway\?/);
  assert.equal((await api.node(agent.id)).scheduling, "maintenance");
  await sheet.submit(dialog, "Activate").click();
  await reads(dialog, /Schedulable again, confirmed by the engine/);
});
