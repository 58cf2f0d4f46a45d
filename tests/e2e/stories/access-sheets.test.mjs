// Every state of everything that opens over a page, as `access-pages` has it for the pages themselves.
import assert from "node:assert/strict";
import { after } from "node:test";
import { container } from "../../support/agent.mjs";
import { Wire } from "../../support/cut.mjs";
import { until } from "../../support/wait.mjs";
import { through } from "../support/access.mjs";
import { cast, SLOW } from "../support/cast.mjs";
import { fleet, reads, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const dialog = (page) => page.getByRole("dialog");
const shows = (pattern) => (page) => reads(dialog(page), pattern);
const press = (page, name) => dialog(page).getByRole("button", { name, exact: true }).click();
const wire = await Wire.open();
after(() => wire.close());

story("the sheets of draining and activating in every state", { settings: { ...SLOW, PITLANE_PUBLIC_URL: wire.url }, refusals: [409] }, async (stage) => {
  wire.leadsTo(stage.server.port);
  const api = await stage.server.api("operator", "on-call");
  const nodes = await cast(stage, api);
  const doing = (name, what) => `/nodes/${nodes[name].id}?do=${what}`;
  const person = await stage.person({ role: "admin", url: wire.url });
  await through(person, [
    ["drain", doing("edge-fra-01", "drain"), shows(/postgres/)],
    ["drain without a reason", null, async (page) => {
      await press(page, "Drain node");
      await shows(/at least 3 characters/)(page);
    }],
    ["drain not acknowledged", null, async (page) => {
      await sheet.reason(dialog(page)).fill("Kernel 6.12 reboot");
      await press(page, "Drain node");
      await shows(/Confirm that you have seen/)(page);
    }],
    ["drain from a terminal", null, async (page) => {
      await dialog(page).getByText("The same from a terminal").click();
      await press(page, "Copy the command");
    }],
    ["drain at times of one's own", null, async (page) => {
      await dialog(page).getByRole("combobox", { name: "Expected back" }).selectOption({ label: "at a time…" });
      await dialog(page).getByRole("combobox", { name: "Begins" }).selectOption({ label: "later" });
      await dialog(page).getByLabel("Back at").fill("2030-01-01T00:00");
      await dialog(page).getByLabel("Begins at").fill("2020-01-01T00:00");
      await press(page, "Plan drain");
      await shows(/lies in the past/)(page);
    }],
    ["drain refused", doing("edge-fra-01", "drain"), async (page) => {
      await sheet.reason(dialog(page)).fill("Kernel 6.12 reboot");
      await sheet.understood(dialog(page)).check();
      nodes["edge-fra-01"].containers.containers.push(container({ service: "redis", volumes: ["shop_redis"] }));
      await until("the new container to be known", async () => (await api.get(`/nodes/${nodes["edge-fra-01"].id}/drain-preview`)).stateful.length === 3);
      await press(page, "Drain node");
      await shows(/you have not seen/)(page);
    }],
    ["drain of the last one", doing("sim-01", "drain"), async (page) => {
      await sheet.reason(dialog(page)).fill("Kernel 6.12 reboot");
      await press(page, "Drain node");
      await shows(/No other node takes placements/)(page);
    }],
    ["drain under way", doing("edge-sto-01", "drain"), async (page) => {
      await sheet.reason(dialog(page)).fill("Kernel 6.12 reboot");
      wire.hold();
      await press(page, "Drain node");
      await dialog(page).getByRole("button", { name: "Abort" }).waitFor();
    }],
    ["drain done", null, async (page) => {
      wire.release();
      await shows(/In maintenance, confirmed by the engine/)(page);
    }],
    ["plan to be changed", doing("edge-fra-04", "plan"), shows(/Every guard is asked again/)],
    ["no such node", "/nodes/nowhere?do=drain".replace("/nodes/nowhere", "/nodes") + "&node=nowhere", shows(/There is no node with this id/)],
    ["maintenance to be changed", doing("edge-fra-02", "maintenance"), (page) => dialog(page).getByRole("textbox", { name: "Reason" }).waitFor()],
    ["activate with checks that fail", doing("edge-ams-02", "activate"), shows(/Cannot connect to the Docker daemon/)],
    ["activate without a reason", null, async (page) => {
      await press(page, "Activate anyway");
      await shows(/at least 3 characters/)(page);
    }],
    ["activate refused", null, async (page) => {
      await press(page, "Activate");
      await shows(/Not activated/)(page);
    }],
    ["activate in its countdown", doing("edge-fra-03", "activate"), shows(/Ready in/)],
    ["activate under way", null, async (page) => {
      await dialog(page).getByRole("textbox", { name: "Reason for the override" }).fill("It is needed now");
      wire.hold();
      await press(page, "Activate anyway");
      await dialog(page).getByRole("button", { name: "Abort" }).waitFor();
    }],
    ["activate done", null, async (page) => {
      wire.release();
      await shows(/Schedulable again, confirmed by the engine/)(page);
    }],
  ]);
});

story("the sheets of sharing, removing and many nodes, the palette and the settings", { settings: SLOW, refusals: [409] }, async (stage) => {
  const api = await stage.server.api("operator", "on-call");
  const nodes = await cast(stage, api);
  const doing = (name, what) => `/nodes/${nodes[name].id}?do=${what}`;
  const many = (what, ...names) => `/nodes?do=${what}&nodes=${names.map((name) => nodes[name].id).join(",")}`;
  const person = await stage.person({ role: "admin" });
  const find = (page) => dialog(page).getByRole("combobox");
  await through(person, [
    ["share", doing("edge-fra-02", "share"), shows(/The reason becomes public/)],
    ["share made", null, async (page) => {
      await press(page, "Make public link");
      await shows(/This address is shown only now/)(page);
      await dialog(page).getByRole("button", { name: "Revoke" }).waitFor();
    }],
    ["share revoked", null, async (page) => {
      await press(page, "Revoke");
      await shows(/None works now/)(page);
    }],
    ["remove blocked", doing("edge-fra-01", "remove"), shows(/What stands in the way:/)],
    ["remove refused", null, async (page) => {
      await press(page, "Remove node");
      await shows(/It cannot be removed yet:/)(page);
    }],
    ["remove allowed", doing("edge-mad-01", "remove"), shows(/Nothing stands in the way/)],
    ["remove with a reason", doing("edge-lon-01", "remove"), async (page) => {
      await press(page, "Remove node");
      await press(page, "Remove anyway");
      await shows(/at least 3 characters/)(page);
    }],
    ["drain many", many("drain", "edge-fra-01", "edge-ams-01", "edge-fra-04", "edge-fra-02"), shows(/Stateful workloads that stay/)],
    ["drain many, refused here", null, async (page) => {
      await sheet.reason(dialog(page)).fill("Kernel 6.12 reboot");
      await dialog(page).getByRole("button", { name: /^Drain \d nodes/ }).click();
      await shows(/Not drained\. Confirm that you have seen/)(page);
    }],
    ["drain many, none of them there", "/nodes?do=drain&nodes=nowhere", shows(/None of these nodes/)],
    ["drain many, gone", "/nodes?do=drain&nodes=kept", (page) => dialog(page).waitFor()],
    ["activate many", many("activate", "edge-fra-02", "edge-fra-03", "edge-ams-02"), shows(/not ready/)],
    ["palette", "/nodes", async (page) => {
      await fleet.card(page, "edge-fra-01").waitFor();
      await page.keyboard.press("Control+k");
      await dialog(page).getByRole("option").first().waitFor();
    }],
    ["palette typed into", null, async (page) => {
      await find(page).fill("drain fra");
      await dialog(page).getByRole("option", { name: "Drain edge-fra-01" }).waitFor();
    }],
    ["palette with nothing", null, async (page) => {
      await find(page).fill("no such thing anywhere");
      await shows(/Nothing found/)(page);
    }],
    ["settings", "/nodes", async (page) => {
      await fleet.card(page, "edge-fra-01").waitFor();
      await page.keyboard.press("?");
      await shows(/On the node with the focus/)(page);
    }],
  ]);
  assert.equal((await api.node(nodes["edge-fra-01"].id)).scheduling, "schedulable", "nothing was done while looking");
});
