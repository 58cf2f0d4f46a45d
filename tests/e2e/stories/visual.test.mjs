// The five screens of the design, as they were when somebody last looked at them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { PHONE } from "../support/browser.mjs";
import { fleet, reads, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";
import { compared, looksAsKept, picture } from "../support/visual.mjs";

// On the picture of the fleet: what must not vanish unseen, the smallest of it as well.
const PLACES = [
  { what: "the badge Degraded", x: 253, y: 225, width: 93, height: 23 },
  { what: "the badge Healthy", x: 1315, y: 225, width: 80, height: 23 },
  { what: "a button Drain", x: 282, y: 504, width: 63, height: 35 },
  { what: "a link's picture", x: 250, y: 512, width: 20, height: 20 },
  { what: "a chip", x: 99, y: 156, width: 114, height: 35 },
  { what: "the word Live", x: 330, y: 20, width: 56, height: 18 },
];

test("a badge or a button that vanishes from a picture is seen; edges drawn a little differently are not", () => {
  const was = picture("fleet-light");
  /** The same with one place painted over by its own corner: as if nothing stood there. */
  const without = ({ x, y, width, height }) => {
    const is = picture("fleet-light");
    const corner = is.data.subarray((y * is.width + x) * 4, (y * is.width + x) * 4 + 4);
    for (let row = y; row < y + height; row += 1) for (let column = x; column < x + width; column += 1) is.data.set(corner, (row * is.width + column) * 4);
    return is;
  };
  assert.deepEqual(compared(was, picture("fleet-light")).tiles, []);
  for (const place of PLACES) assert.notDeepEqual(compared(was, without(place)).tiles, [], `${place.what} has vanished`);
  const rough = picture("fleet-light");
  for (let at = 0; at < rough.data.length; at += 4 * 97) rough.data.set([0, 0, 0], at);
  assert.deepEqual(compared(was, rough).tiles, [], "a pixel in a hundred is an edge of a letter");
});

// Nothing becomes late while the pictures are taken, and no beat comes that was not asked for.
const STILL = { PITLANE_HEARTBEAT_EVERY: "60s", PITLANE_LATE_AFTER: "20m", PITLANE_OFFLINE_AFTER: "30m", PITLANE_SETTLE: "1s" };

/** A fleet of which every figure is known. Resolves with the id of the node in maintenance. */
async function still(stage) {
  const web = (count) => Array.from({ length: count }, (_, at) => container({ service: "web", index: at + 1 }));
  const cast = [
    { name: "edge-ams-01", region: "eu-west", containers: web(3) },
    { name: "edge-fra-01", containers: [container({ service: "postgres", volumes: ["shop_pgdata"] }), container({ project: "mail", service: "dovecot", networkVolumes: ["mail_spool"] }), ...web(4)] },
    { name: "edge-fra-02", containers: [container({ service: "redis", volumes: ["shop_cache"] }), ...web(2)] },
    { name: "edge-lon-01", region: "eu-west", docker: { state: "bad", expected: true, version: null, detail: "no answer on the socket" } },
    { name: "edge-sto-01", region: "eu-north", enrolledOnly: true },
    { name: "edge-sto-02", region: "eu-north", containers: web(1) },
  ];
  const api = await stage.server.api("operator", "on-call");
  const ids = {};
  for (const [at, { docker, enrolledOnly, ...member }] of cast.entries()) {
    const agent = await stage.agent({ ...member, overlayIp: `10.4.0.${at + 11}`, beat: false });
    ids[member.name] = agent.id;
    agent.resources.cpu_percent = 20 + at * 11;
    agent.resources.memory_used_bytes = (8 + at * 3) * 1024 ** 3;
    if (!enrolledOnly) {
      await agent.beat();
      await until(`${member.name} to be confirmed`, async () => (await api.node(agent.id)).health === "healthy");
    }
    if (docker) {
      agent.docker = docker;
      await agent.beat();
      await until(`${member.name} to be degraded`, async () => (await api.node(agent.id)).health === "degraded");
    }
  }
  const { status } = await api.drain(ids["edge-fra-02"], { reason: "Kernel 6.12 reboot" });
  if (status !== 202) throw new Error(`the drain was answered ${status}`);
  await until("maintenance", async () => (await api.node(ids["edge-fra-02"])).scheduling === "maintenance");
  return ids;
}

story("the fleet looks as it did: light, dark, on a phone", { settings: STILL }, async (stage) => {
  await still(stage);
  for (const [name, look] of [["fleet-light", {}], ["fleet-dark", { scheme: "dark" }], ["fleet-phone", { viewport: PHONE }]]) {
    const { page } = await stage.person({ name: "on-call", ...look });
    await fleet.open(page);
    await reads(fleet.card(page, "edge-fra-02"), /Maintenance/);
    await fleet.card(page, "edge-ams-01").waitFor();
    await page.getByRole("button", { name: "Views" }).waitFor();
    await looksAsKept(page, name);
  }
});

story("the drain sheet and the node's page look as they did", { settings: STILL }, async (stage) => {
  const ids = await still(stage);
  const { page } = await stage.person({ name: "on-call" });
  await page.goto(`/nodes/${ids["edge-fra-01"]}?do=drain`);
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await reads(dialog, /postgres/);
  // Where a bar of the day stands depends on the time of day.
  const mask = [page.getByRole("region", { name: /Last 24 hours/ })];
  await looksAsKept(page, "drain-sheet", { mask });
  await page.goto(`/nodes/${ids["edge-fra-02"]}`);
  await page.getByRole("heading", { name: "edge-fra-02", level: 1 }).waitFor();
  await page.getByRole("row", { name: /redis/ }).first().waitFor();
  await looksAsKept(page, "node-page", { mask });
});
