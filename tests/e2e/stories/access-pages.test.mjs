// Every state of every page: axe finds nothing, a finger hits everything, and nothing is wider than the screen; on a wide screen and on a phone, in the
// light and in the dark.
import assert from "node:assert/strict";
import { after } from "node:test";
import { Wire } from "../../support/cut.mjs";
import { until } from "../../support/wait.mjs";
import { through } from "../support/access.mjs";
import { cast, SLOW } from "../support/cast.mjs";
import { fleet, reads, signIn } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const region = (page, name) => page.getByRole("region", { name, exact: true });
const heading = (page, name, level = 1) => page.getByRole("heading", { name, level }).waitFor();

const box = (page, name) => page.getByRole("checkbox", { name: `Select ${name}`, exact: true });
const bar = (page) => region(page, "Selection");

story("the fleet as cards in every state", { settings: SLOW }, async (stage) => {
  const api = await stage.server.api("operator", "on-call");
  await cast(stage, api);
  const person = await stage.person({ role: "admin" });
  await through(person, [
    ["cards", "/nodes", (page) => reads(fleet.card(page, "edge-fra-05"), /overdue \d/)],
    ["toast", null, async (page) => {
      await fleet.card(page, "edge-fra-01").getByRole("link", { name: "edge-fra-01" }).focus();
      await page.keyboard.press("s");
      await page.getByText("Link to edge-fra-01 copied").waitFor();
    }],
    ["link copied", null, async (page) => {
      await fleet.share(page, "edge-fra-01").click();
      await page.getByText("Link copied").first().waitFor();
    }],
    ["views", null, async (page) => {
      await page.getByRole("button", { name: "Views" }).click();
      await page.getByRole("textbox", { name: "Name of this view" }).fill("Mine");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("link", { name: "Mine" }).waitFor();
    }],
    ["selection", "/nodes", async (page) => {
      await box(page, "edge-fra-01").click();
      await box(page, "edge-fra-04").click();
      await bar(page).waitFor();
    }],
    ["real and simulated selected", null, async (page) => {
      await box(page, "sim-01").click();
      await bar(page).getByRole("button", { name: "Keep the 1 simulated" }).waitFor();
    }],
    ["filtered", "/nodes?q=eu-west&show=degraded", (page) => fleet.card(page, "edge-ams-01").waitFor()],
    ["nothing found", "/nodes?q=nothing-like-this", (page) => heading(page, "No node matches", 2)],
  ]);
});

story("the fleet in groups and as a table in every state", { settings: SLOW }, async (stage) => {
  const api = await stage.server.api("operator", "on-call");
  await cast(stage, api);
  const person = await stage.person({ role: "admin" });
  await through(person, [
    ["groups", "/nodes?group=region", (page) => page.getByRole("button", { name: "eu-north", exact: true }).first().waitFor()],
    ["a group folded up", null, async (page) => {
      await page.getByRole("button", { name: "eu-west", exact: true }).click();
      await fleet.card(page, "edge-ams-01").waitFor({ state: "detached" });
    }],
    ["table", "/nodes?view=table", (page) => page.getByRole("row", { name: /edge-fra-01/ }).waitFor()],
    ["table with columns to choose", null, async (page) => {
      await page.getByRole("button", { name: "Views" }).click();
      await page.getByRole("checkbox", { name: "Role", exact: true }).waitFor();
    }],
    ["table in groups", "/nodes?view=table&group=region", async (page) => {
      await page.getByRole("row", { name: /edge-fra-01/ }).waitFor();
      await box(page, "edge-fra-01").click();
    }],
  ]);
});

story("a node's page in every state", { settings: SLOW, refusals: [404] }, async (stage) => {
  const api = await stage.server.api("operator", "on-call");
  const nodes = await cast(stage, api);
  const at = (name) => `/nodes/${nodes[name].id}`;
  const opened = (name) => (page) => heading(page, name);
  const person = await stage.person({ role: "admin" });
  await through(person, [
    ["stateful", at("edge-fra-01"), (page) => page.getByRole("row", { name: /postgres/ }).first().waitFor()],
    ["charts", null, async (page) => {
      await page.getByRole("slider", { name: "Time of the charts" }).press("End");
      await region(page, "Last 24 hours").getByText("As a table").click();
      await page.getByRole("region", { name: "Table of the last 24 hours" }).waitFor();
    }],
    ["stateful in maintenance", at("edge-fra-02"), (page) => page.getByText("1 stateful workload is still running on this node.").waitFor()],
    ["clear for work", at("edge-fra-03"), (page) => page.getByText("Clear for destructive work.").waitFor()],
    ["planned", at("edge-fra-04"), (page) => region(page, "Planned drain").waitFor()],
    ["not ready", at("edge-ams-02"), (page) => page.getByText("Cannot connect to the Docker daemon").first().waitFor()],
    ["degraded", at("edge-ams-01"), opened("edge-ams-01")],
    ["offline", at("edge-lon-01"), opened("edge-lon-01")],
    ["pending", at("edge-mad-01"), opened("edge-mad-01")],
    ["upgrade", at("edge-sto-01"), (page) => region(page, "Upgrade").waitFor()],
    ["simulated", at("sim-01"), opened("sim-01")],
    ["removed", "/nodes/no-such-node", opened("No such node")],
    ["nothing there", "/nowhere", opened("There is nothing here")],
  ]);
});

story("activity and bulk operations in every state", { refusals: [404] }, async (stage) => {
  const api = await stage.server.api("operator", "on-call");
  const { container } = await import("../../support/agent.mjs");
  const names = ["edge-01", "edge-02", "edge-03", "edge-04"];
  const nodes = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await stage.agent({ name, containers: name === "edge-02" ? [container({ service: "db", volumes: ["x"] })] : [] })])));
  const begin = async (...wanted) => {
    const { body } = await api.call("POST", "/bulk-operations", { kind: "drain", reason: "Kernel 6.12 reboot", nodes: wanted.map((name) => ({ node_id: nodes[name].id })) });
    return body.data.id;
  };
  const ends = (id, state) => until(`it to be ${state}`, async () => (await api.get(`/bulk-operations/${id}`)).state === state);
  const done = await begin("edge-01");
  await ends(done, "completed");
  const aborted = await begin("edge-02");
  await ends(aborted, "stopped");
  await api.call("POST", `/bulk-operations/${aborted}/abort`);
  const stopped = await begin("edge-02", "edge-03");
  await ends(stopped, "stopped");
  const says = (pattern) => (page) => reads(page.getByRole("main").getByRole("status").first(), pattern);
  const log = (page) => region(page, "Activity log");
  const person = await stage.person({ role: "admin" });
  await stage.person({ role: "viewer", name: "ada" });
  await through(person, [
    ["log", "/activity", (page) => reads(log(page), /Kernel 6\.12 reboot/)],
    ["log held back", null, async (page) => {
      await log(page).getByRole("button", { name: "Pause" }).click();
      await api.call("PATCH", `/nodes/${nodes["edge-01"].id}/maintenance`, { reason: "Disk swap" }, { "if-match": "*" });
      await log(page).getByRole("button", { name: /new entr/ }).waitFor();
    }],
    ["log narrowed", `/activity?node=${nodes["edge-01"].id}&kind=drained`, (page) => reads(log(page), /Kernel 6\.12 reboot/)],
    ["log of nothing", "/activity?actor=nobody", (page) => reads(log(page), /Nothing matches/)],
    ["banner", "/nodes", (page) => page.getByRole("main").getByText(/Bulk drain by on-call stopped/).waitFor()],
    ["bulk list", "/bulk", (page) => region(page, "Bulk operations").getByRole("link").first().waitFor()],
    ["bulk done", `/bulk/${done}`, says(/Completed/)],
    ["bulk aborted", `/bulk/${aborted}`, says(/Aborted/)],
    ["bulk stopped", `/bulk/${stopped}`, (page) => reads(region(page, "Go on"), /I have seen what is new/)],
    ["bulk not resumed", null, async (page) => {
      await page.getByRole("button", { name: "Resume" }).click();
      await reads(region(page, "Go on"), /Not resumed/);
    }],
    ["sessions", "/sessions", (page) => region(page, "Sessions").getByRole("listitem").first().waitFor()],
    ["everybody's sessions", "/sessions?everyone=yes", (page) => reads(region(page, "Sessions"), /ada · viewer/)],
    ["a session to be ended", null, async (page) => {
      await region(page, "Sessions").getByRole("button", { name: /^End the session of ada/ }).click();
      await region(page, "Sessions").getByRole("button", { name: "Cancel" }).waitFor();
    }],
    ["no such bulk operation", "/bulk/nowhere", (page) => heading(page, "No such bulk operation")],
  ]);
});

const wire = await Wire.open();
after(() => wire.close());

story("before anything is there, while it is read, and when it has gone", { outage: true, refusals: [401, 404], settings: { PITLANE_PUBLIC_URL: wire.url } }, async (stage) => {
  wire.leadsTo(stage.server.port);
  const stranger = await stage.person({ role: null, url: wire.url });
  const person = await stage.person({ role: "admin", url: wire.url });
  await through(stranger, [
    ["sign-in", "/sign-in", (page) => page.getByRole("button", { name: "Sign in" }).waitFor()],
    ["sign-in refused", null, async (page) => {
      await signIn.with(page, "not-a-token");
      await page.getByRole("alert").first().waitFor();
    }],
    ["no such link", "/shared/nothing", (page) => heading(page, "This link shows nothing")],
  ]);
  await through(person, [["no nodes yet", "/nodes", (page) => heading(page, "No nodes yet", 2)]]);

  const agent = await stage.agent({ name: "edge-fra-01" });
  const api = await stage.server.api("operator", "on-call");
  const share = await api.call("POST", `/nodes/${agent.id}/share-links`, { lifetime: "1d" });
  await api.drain(agent.id, { allow_last_schedulable: true, expected_back_at: new Date(Date.now() + 3_600_000).toISOString() });
  await through(stranger, [["shared", share.body.data.url, (page) => page.getByText("Kernel 6.12 reboot").waitFor()]]);
  await stranger.leaves();

  // Nothing of the fleet arrives, and then nothing any more.
  const { page } = person;
  wire.hold();
  await through(person, [
    ["loading", "/nodes", () => page.getByText("Reading the fleet…").waitFor()],
    ["node loading", `/nodes/${agent.id}`, () => page.getByRole("main").waitFor()],
  ]);
  wire.release();
  await fleet.open(page);
  await fleet.card(page, "edge-fra-01").waitFor();
  wire.cut();
  await reads(page.getByRole("alert"), /connection to Pitlane is lost/, { timeout: 30_000 });
  await through(person, [
    ["stale", null, () => fleet.card(page, "edge-fra-01").waitFor()],
    ["not there", null, async () => {
      await page.getByRole("link", { name: "Activity" }).click();
      await heading(page, "The log could not be read", 2);
    }],
  ]);
  wire.mend();
});
