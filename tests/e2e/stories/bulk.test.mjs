// Many nodes in one go: choosing them, what a person sees before, how it goes, what stops it, and going on.
import assert from "node:assert/strict";
import { Agent, container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { fleet, reads, says, sheet, textOf } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const db = container({ service: "postgres", volumes: ["shop_pgdata"] });
const redis = container({ service: "redis", volumes: ["shop_redis"] });

/** Choosing nodes, in the words of the screen. */
const choose = {
  box: (page, name) => page.getByRole("checkbox", { name: `Select ${name}`, exact: true }),
  bar: (page) => page.getByRole("region", { name: "Selection" }),
  drain: (page) => choose.bar(page).getByRole("button", { name: "Drain the selected nodes…" }),
  activate: (page) => choose.bar(page).getByRole("button", { name: "Activate the selected nodes…" }),
};
const names = (count, from = 1) => Array.from({ length: count }, (_, at) => `edge-${String(at + from).padStart(2, "0")}`);
const row = (page, name) => page.getByRole("row").filter({ hasText: name });
const headline = (page) => page.getByRole("main").getByRole("status");

async function agents(stage, count, describe = () => ({})) {
  const made = {};
  for (const name of names(count)) made[name] = await stage.agent({ name, ...describe(name) });
  return made;
}

async function states(api, made) {
  return Object.fromEntries(await Promise.all(Object.entries(made).map(async ([name, { id }]) => [name, (await api.node(id)).scheduling])));
}

/** Opens the sheet for these nodes by its address. */
async function ask(page, made, wanted, action = "drain") {
  await page.goto(`/nodes?do=${action}&nodes=${wanted.map((name) => made[name].id).join(",")}`);
  return sheet.of(page, `${action === "drain" ? "Drain" : "Activate"} ${wanted.length} nodes`);
}

story("chooses by group, click, range and filter, and drains them one after another", {}, async (stage) => {
  const made = await agents(stage, 5, (name) => ({ containers: name === "edge-02" ? [db] : name === "edge-03" ? [redis] : [], region: name < "edge-04" ? "eu" : "us" }));
  const { page } = await stage.person({ name: "on-call" });
  await page.goto("/nodes?group=region");
  const group = page.getByRole("checkbox", { name: "Select all of us" });
  await group.click();
  await reads(choose.bar(page), /2 selected edge-04, edge-05/);
  await choose.box(page, "edge-04").click();
  assert.equal(await group.getAttribute("aria-checked"), "mixed");
  await choose.bar(page).getByRole("button", { name: "Clear the selection" }).click();
  await page.goto("/nodes");
  await choose.box(page, "edge-01").click();
  await choose.box(page, "edge-03").click({ modifiers: ["Shift"] });
  await reads(choose.bar(page), /3 selected edge-01, edge-02, edge-03/);
  await page.getByRole("searchbox", { name: "Search nodes" }).fill("us");
  await reads(choose.bar(page), /3 selected, 3 of them not shown/);
  await choose.bar(page).getByRole("button", { name: "Select all 2 shown" }).click();
  await reads(choose.bar(page), /5 selected, 3 of them not shown edge-04, edge-05, edge-\d+ and 2 more/);
  await choose.box(page, "edge-05").click();
  await page.getByRole("searchbox", { name: "Search nodes" }).fill("");
  await reads(choose.bar(page), /4 selected edge-01, edge-02, edge-03 and 1 more/);

  await choose.drain(page).click();
  const dialog = sheet.of(page, "Drain 4 nodes");
  await reads(dialog, /Stateful workloads that stay 2/);
  await says(dialog, /edge-02.*shop \/ postgres.*shop_pgdata · local/, /edge-03.*shop \/ redis/, /1 node left that takes placements/, /Stops at the first refusal/);
  assert.match(page.url(), /do=drain&nodes=/);
  await page.reload();
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  await sheet.submit(dialog, "Drain 4 nodes").click();
  await reads(dialog, /Confirm that you have seen which stateful workloads stay/);
  await dialog.getByRole("checkbox", { name: "I understand that 2 stateful workloads stay on 2 nodes and are not moved." }).check();
  await sheet.submit(dialog, "Drain 4 nodes").click();

  await page.getByRole("heading", { name: "Drain 4 nodes", level: 1 }).waitFor();
  await reads(headline(page), /Completed: 4 of 4 done/);
  await says(row(page, "edge-02"), /Done/);
  const api = await stage.server.api();
  assert.deepEqual(Object.values(await states(api, made)), ["maintenance", "maintenance", "maintenance", "maintenance", "schedulable"]);
  const drained = (await api.activity()).filter(({ kind }) => kind === "drain_requested");
  assert.deepEqual(new Set(drained.map(({ reason, actor }) => `${reason} ${actor?.name ?? actor}`)).size, 1);
  // Back leads to the fleet, not into a sheet that was answered already.
  await page.goBack();
  await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.equal(await choose.bar(page).count(), 0, "what was chosen was done");
});

story("a refusal in the middle stops it; with the difference seen it goes on", {}, async (stage) => {
  const made = await agents(stage, 5);
  const { page } = await stage.person({ name: "on-call" });
  const { page: other } = await stage.person({ name: "night-shift" });
  const api = await stage.server.api();
  await fleet.open(other);
  const dialog = await ask(page, made, names(4));
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  made["edge-02"].containers.containers = [db];
  await until("the control plane to know of the new container", async () => (await api.get(`/nodes/${made["edge-02"].id}/drain-preview`)).stateful.length === 1);
  await sheet.submit(dialog, "Drain 4 nodes").click();

  await reads(headline(page), /Stopped at edge-02: 1 of 4 done\. No other node was begun after it\./);
  await says(row(page, "edge-02").first(), /Refused/, /1 stateful workload you have not seen/);
  await says(row(page, "edge-03"), /Waiting/);
  assert.equal((await api.node(made["edge-03"].id)).scheduling, "schedulable");
  // Another person sees it, and can go on with it after a reload.
  await reads(other.getByRole("main"), /Bulk drain by on-call stopped: 1 of 4 done/);
  await other.getByRole("link", { name: "Show" }).click();
  await other.reload();
  const panel = other.getByRole("region", { name: "Go on" });
  await reads(panel, /edge-02.*What stays on this node has changed/);
  await says(panel.getByRole("row").filter({ hasText: "postgres" }), /new/, /shop_pgdata/);
  await panel.getByRole("button", { name: "Resume" }).click();
  await reads(panel, /Not resumed\. Confirm that you have seen/);
  await panel.getByRole("checkbox", { name: "I have seen what is new, and that it stays and is not moved." }).check();
  await panel.getByRole("button", { name: "Resume" }).click();
  for (const screen of [other, page]) await reads(headline(screen), /Completed: 4 of 4 done/);
  await reads(page.getByRole("main"), /night-shift/);
  assert.deepEqual(Object.values(await states(api, made)), ["maintenance", "maintenance", "maintenance", "maintenance", "schedulable"]);
});

story("what stopped it is left out, or all is left at that", {}, async (stage) => {
  const made = await agents(stage, 4, (name) => (name === "edge-01" ? { containers: [db] } : {}));
  const api = await stage.server.api();
  const stopped = async () => {
    const nodes = names(3).map((name) => ({ node_id: made[name].id }));
    const { status, body } = await api.call("POST", "/bulk-operations", { kind: "drain", reason: "Disk swap", nodes });
    assert.equal(status, 202, JSON.stringify(body));
    await until("the refusal", async () => (await api.get(`/bulk-operations/${body.data.id}`)).state === "stopped");
    return body.data.id;
  };
  const { page } = await stage.person({ name: "on-call" });
  await page.goto(`/bulk/${await stopped()}`);
  await page.getByRole("button", { name: "Leave it at that" }).click();
  await reads(headline(page), /Aborted: 0 of 3 done\. The others stay as they are\./);
  await fleet.open(page);
  await fleet.card(page, "edge-01").waitFor();
  assert.equal(await page.getByRole("link", { name: "Show" }).count(), 0, "nobody waits for a decision any more");

  await page.goto(`/bulk/${await stopped()}`);
  const panel = page.getByRole("region", { name: "Go on" });
  await panel.getByRole("checkbox", { name: "Leave edge-01 out." }).check();
  await panel.getByRole("button", { name: "Resume" }).click();
  await reads(headline(page), /Completed: 3 of 3 done/);
  await says(row(page, "edge-01"), /Left out/, /Left out by on-call/);
  assert.deepEqual(Object.values(await states(api, made)), ["schedulable", "maintenance", "maintenance", "schedulable"]);
  await page.getByRole("link", { name: "Bulk operations" }).click();
  await reads(page.getByRole("region", { name: "Bulk operations" }), /Completed Drain 3 nodes · 3 of 3 done on-call .*“Disk swap” Aborted/);
});

/** So many nodes that a set of them takes a while. */
async function crowd(stage, count, tell) {
  const token = await stage.server.enrolmentToken({ multiUse: true });
  const all = await Promise.all(names(count).map((name) => new Agent(stage.server.url, { name }).enroll(token)));
  try {
    for (const agent of all) agent.start(1_000);
    await tell(Object.fromEntries(all.map((agent) => [agent.name, agent])));
  } finally {
    await Promise.all(all.map((agent) => agent.stop()));
  }
}

story("aborted in the middle: what is done stays done, nothing else is begun, and it can go on", {}, async (stage) => {
  await crowd(stage, 60, async (made) => {
    const person = await stage.person({ name: "on-call" });
    const { page } = person;
    const api = await stage.server.api("operator", "night-shift");
    await fleet.open(page);
    await reads(page.getByRole("main"), /60 nodes · 60 take placements/);
    const wanted = names(59);
    await page.goto(`/nodes?do=drain&nodes=${wanted.map((name) => made[name].id).join(",")}`);
    const dialog = sheet.of(page, "Drain 59 nodes");
    await sheet.reason(dialog).fill("Kernel 6.12 reboot");
    // Somebody aborts it the moment it is accepted: a browser that is busy would be too late for the middle.
    const ended = new Promise((tell) => {
      page.route("**/bulk-operations", async (route) => {
        if (route.request().method() !== "POST") return route.continue();
        const answer = await route.fetch();
        const { id } = (await answer.json()).data;
        tell({ id, status: (await api.call("POST", `/bulk-operations/${id}/abort`)).status });
        await route.fulfill({ response: answer });
      });
    });
    await sheet.submit(dialog, "Drain 59 nodes").click();
    const { id, status } = await ended;
    assert.equal(status, 202);
    await reads(headline(page), /Aborted: \d+ of 59 done\. The others stay as they are\./);
    const inMaintenance = async () => Object.values(await states(api, made)).filter((scheduling) => scheduling === "maintenance").length;
    // The one that was with the engine when the end was asked for may arrive all the same, since an abort undoes nothing: then it is counted.
    const done = await until("everything in maintenance to be counted as done, here and in the list", async () => {
      const said = Number((await textOf(headline(page))).match(/(\d+) of 59/)[1]);
      const { operations } = await api.get("/bulk-operations");
      return said === (await inMaintenance()) && operations.find((line) => line.id === id).done === said && { said };
    });
    assert.ok(done.said < 59, "it was aborted before its end");
    await page.getByRole("region", { name: "Go on" }).getByRole("button", { name: "Resume" }).click();
    await person.picture("bulk-running");
    await reads(headline(page), /Completed: 59 of 59 done/);
    assert.equal(await inMaintenance(), 59);
  });
});

story("Abort is pressed while it runs, and what is done stays done", {}, async (stage) => {
  await crowd(stage, 60, async (made) => {
    const { page } = await stage.person({ name: "on-call" });
    const api = await stage.server.api();
    await fleet.open(page);
    await reads(page.getByRole("main"), /60 nodes · 60 take placements/);
    const dialog = await ask(page, made, names(59));
    await sheet.reason(dialog).fill("Kernel 6.12 reboot");
    // The server stands still while the browser is at work: 59 drains are over before a person has read one line.
    const signal = (name) => process.kill(stage.server.pid, name);
    await page.route("**/bulk-operations", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      const answer = await route.fetch();
      signal("SIGSTOP");
      await route.fulfill({ response: answer });
    });
    const one = /bulk-operations\/[^/]+$/;
    const [asked, answered] = [page.waitForRequest(one), page.waitForResponse(one)];
    try {
      await sheet.submit(dialog, "Drain 59 nodes").click();
      await asked;
      signal("SIGCONT");
      await (await answered).finished();
      signal("SIGSTOP");
      await reads(headline(page), /\d+ of 59 done/);
      await page.getByRole("button", { name: "Abort", exact: true }).press("Enter");
    } finally {
      signal("SIGCONT");
    }
    await reads(headline(page), /Aborted: \d+ of 59 done\. The others stay as they are\./);
    const done = await until("what is in maintenance to be counted as done", async () => {
      const said = Number((await textOf(headline(page))).match(/(\d+) of 59/)[1]);
      const there = Object.values(await states(api, made)).filter((scheduling) => scheduling === "maintenance").length;
      return said === there && { said };
    });
    assert.ok(done.said < 59, "it was aborted before its end");
    await page.getByRole("region", { name: "Go on" }).getByRole("button", { name: "Resume" }).waitFor();
  });
});

story("real and simulated nodes are not drained in one go, and one press parts them", {}, async (stage) => {
  const real = await stage.agent({ name: "edge-01" });
  await stage.agent({ name: "edge-02" });
  for (const name of ["sim-01", "sim-02"]) await stage.agent({ name, simulated: true });
  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  for (const name of ["edge-01", "sim-01"]) await choose.box(page, name).click();
  await reads(choose.bar(page), /2 selected.*Real and simulated nodes are not handled in one go\./);
  assert.equal(await choose.drain(page).isDisabled(), true);
  assert.equal(await choose.drain(page).getAttribute("title"), "Real and simulated nodes are not handled in one go.");
  await choose.bar(page).getByRole("button", { name: "Keep the 1 real" }).click();
  await reads(choose.bar(page), /1 selected edge-01/);
  await choose.drain(page).click();
  const dialog = sheet.of(page, "Drain 1 node");
  await sheet.reason(dialog).fill("Disk swap");
  await sheet.submit(dialog, "Drain 1 node").click();
  await reads(headline(page), /Completed: 1 of 1 done/);
  const api = await stage.server.api();
  assert.equal((await api.node(real.id)).scheduling, "maintenance");
  assert.equal((await api.get("/nodes")).nodes.filter(({ scheduling }) => scheduling === "maintenance").length, 1);
});

story("kill -9 and a reload in the middle: it goes on, and nothing happens twice", { outage: true }, async (stage) => {
  const made = await agents(stage, 9);
  const { page } = await stage.person({ name: "on-call" });
  const dialog = await ask(page, made, names(8));
  await sheet.reason(dialog).fill("Kernel 6.12 reboot");
  const accepted = page.waitForResponse((response) => response.request().method() === "POST" && response.url().endsWith("/bulk-operations"));
  await sheet.submit(dialog, "Drain 8 nodes").click();
  assert.equal((await accepted).status(), 202);
  await stage.server.kill();
  await stage.server.launch();
  await page.reload();
  await reads(headline(page), /Completed: 8 of 8 done/, { timeout: 40_000 });
  const kinds = (await (await stage.server.api()).activity()).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "drain_requested").length, 8);
  assert.equal(kinds.filter((kind) => kind === "drained").length, 8);
});

story("activates those that are ready and leaves the rest in maintenance", {}, async (stage) => {
  const made = await agents(stage, 4);
  const api = await stage.server.api("operator", "on-call");
  for (const name of names(3)) assert.equal((await api.drain(made[name].id)).status, 202);
  await until("maintenance", async () => names(3).every(async (name) => (await api.node(made[name].id)).scheduling === "maintenance"));
  made["edge-02"].docker = { state: "bad", expected: true, detail: "Cannot connect to the Docker daemon" };
  await until("the bad signal", async () => (await api.node(made["edge-02"].id)).health === "degraded");
  const clean = (name) => until(`${name} to be clean`, async () => (await api.get(`/nodes/${made[name].id}/activation-checks`)).clean);
  await clean("edge-01");
  await clean("edge-03");
  const { page } = await stage.person({ name: "on-call" });
  const dialog = await ask(page, made, names(3), "activate");
  await reads(dialog, /2 nodes are ready to be activated edge-01, edge-03/);
  await says(dialog, /1 node is not ready and stays in maintenance edge-02: .*Cannot connect to the Docker daemon/);
  await sheet.submit(dialog, "Activate 2 nodes").click();
  await reads(headline(page), /Completed: 2 of 2 done/);
  assert.deepEqual(Object.values(await states(api, made)), ["schedulable", "maintenance", "schedulable", "schedulable"]);
});

story("the whole fleet is drained only when one says so", {}, async (stage) => {
  const made = await agents(stage, 2);
  const { page } = await stage.person();
  const dialog = await ask(page, made, names(2));
  await reads(dialog, /No node is left that would take placements instead of these/);
  await sheet.reason(dialog).fill("Moving house");
  await sheet.submit(dialog, "Drain 2 nodes").click();
  await reads(dialog, /Confirm that no node takes placements afterwards/);
  await dialog.getByRole("checkbox", { name: "Drain them although no other node takes placements." }).check();
  await sheet.submit(dialog, "Drain 2 nodes").click();
  await reads(headline(page), /Completed: 2 of 2 done/);
});

story("a viewer can look and not do", {}, async (stage) => {
  const made = await agents(stage, 2);
  const { page } = await stage.person({ role: "viewer", name: "sam" });
  await fleet.open(page);
  await choose.box(page, "edge-01").click();
  await choose.drain(page).waitFor();
  assert.equal(await choose.drain(page).isDisabled(), true);
  assert.equal(await choose.drain(page).getAttribute("title"), "Needs the operator role; you are signed in as viewer.");
  const dialog = await ask(page, made, names(2));
  assert.equal(await sheet.submit(dialog, "Drain 2 nodes").isDisabled(), true);
});

story("the keyboard is enough for many nodes", {}, async (stage) => {
  await agents(stage, 4);
  const { page } = await stage.person({ name: "on-call" });
  await fleet.open(page);
  await fleet.card(page, "edge-04").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("x");
  await reads(choose.bar(page), /1 selected edge-01/);
  await page.keyboard.press("Escape");
  await choose.bar(page).waitFor({ state: "hidden" });
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await reads(choose.bar(page), /3 selected edge-01, edge-02, edge-03/);
  await page.keyboard.press("Shift+ArrowLeft");
  await reads(choose.bar(page), /2 selected edge-01, edge-02/);
  await choose.drain(page).focus();
  await page.keyboard.press("Enter");
  const dialog = sheet.of(page, "Drain 2 nodes");
  await dialog.getByRole("textbox", { name: "Reason" }).focus();
  await page.keyboard.type("Kernel 6.12 reboot");
  await page.keyboard.press("Enter");
  await reads(headline(page), /Completed: 2 of 2 done/);
});
