// Reading the fleet: a card, the filters, an empty fleet.
import assert from "node:assert/strict";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { fleet, reads, says, textOf } from "../support/console.mjs";
import { story } from "../support/story.mjs";

story("reads a card", {}, async (stage) => {
  const agent = await stage.agent({
    name: "edge-fra-01",
    region: "eu-central",
    overlayIp: "10.4.0.11",
    containers: [container({ service: "web" }), container({ service: "db", volumes: ["pgdata"] }), container({ service: "old", volumes: ["x"], state: "exited" })],
  });
  const degraded = await stage.agent({ name: "edge-ams-01", region: "eu-west" });
  degraded.resources.disks[0].used_bytes = Math.round(degraded.resources.disks[0].total_bytes * 0.91);

  const { page } = await stage.person();
  await fleet.open(page);
  const card = fleet.card(page, "edge-fra-01");
  await says(card, /edge-fra-01/, /eu-central · 10\.4\.0\.11/, /Healthy/, /Heartbeat \d+ s/, /CPU 41 ?%/, /Memory 56 ?%/, /Disk 59 ?%/, /Docker/, /Caddy/, /agent 0\.1\.0/);
  await says(card, /2 workloads · 1 stateful/);
  await fleet.drain(page, "edge-fra-01").waitFor();
  await reads(fleet.card(page, "edge-ams-01"), /Degraded/);
  await says(fleet.card(page, "edge-ams-01"), /91 ?%/, /New placements still allowed/);
  await says(page.getByRole("main"), /2 nodes · 2 take placements/);

  // Without a beat the age ticks, and the card is the same element: nothing was rendered anew.
  const handle = await card.elementHandle();
  await agent.stop();
  await until("a second to tick away", async () => /Heartbeat [123] s/.test(await textOf(card)));
  assert.ok(await handle.evaluate((element) => element.isConnected), "the card was replaced by a tick");
});

story("filters, searches and sorts, and the address keeps it", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02", containers: [container({ service: "db", volumes: ["pgdata"] })] });
  const sick = await stage.agent({ name: "edge-ams-01", region: "eu-west" });
  sick.docker = { state: "bad", expected: true, detail: "does not answer" };
  const { page } = await stage.person();
  await fleet.open(page);
  const eventually = (names) => until(`${names} to be shown`, async () => (await fleet.names(page)).join() === names.join());

  // Attention first: the node that is not well stands at the front.
  await eventually(["edge-ams-01", "edge-fra-01", "edge-fra-02"]);
  await page.getByRole("button", { name: /^Degraded/ }).click();
  await eventually(["edge-ams-01"]);
  assert.match(page.url(), /show=degraded/);
  await page.reload();
  await eventually(["edge-ams-01"]);
  await page.getByRole("button", { name: /^All/ }).click();
  await eventually(["edge-ams-01", "edge-fra-01", "edge-fra-02"]);

  await page.keyboard.press("/");
  await page.keyboard.type("fra");
  await eventually(["edge-fra-01", "edge-fra-02"]);
  await until("the search to be in the address", () => /q=fra/.test(page.url()));
  await page.getByRole("button", { name: /^Stateful/ }).click();
  await eventually(["edge-fra-02"]);
  await fleet.card(page, "edge-fra-02").getByRole("link", { name: "edge-fra-02" }).click();
  await page.getByRole("heading", { name: "edge-fra-02", level: 1 }).waitFor();
  await page.goBack();
  await eventually(["edge-fra-02"]);
  assert.match(page.url(), /q=fra&show=stateful/);
});

story("an empty fleet says how to enrol a node", {}, async (stage) => {
  const { page } = await stage.person({ role: "admin" });
  await page.goto("/nodes");
  await page.getByRole("heading", { name: "No nodes yet" }).waitFor();
  await says(page.getByRole("main"), /pitlane token enroll/, /pitlane agent/);
});

story("an unknown address says so", { refusals: [404] }, async (stage) => {
  const { page } = await stage.person();
  await page.goto("/nowhere");
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await page.goto("/nodes/no-such-node");
  await page.getByRole("heading", { name: "No such node" }).waitFor();
});
