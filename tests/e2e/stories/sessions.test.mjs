// Who is signed in, and the end of it: a person's own sessions, everybody's for an admin, and all of them from the server's terminal.
import assert from "node:assert/strict";
import { until } from "../../support/wait.mjs";
import { fleet, reads, signIn } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const list = (page) => page.getByRole("region", { name: "Sessions", exact: true });
const rows = (page) => list(page).getByRole("listitem");

async function opens(page, href = "/sessions") {
  await page.goto(href);
  await page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  await rows(page).first().waitFor();
}

/** Two browsers of one person, who signs in with one token. */
async function twoBrowsers(stage, role, name) {
  const token = await stage.server.token(role, name);
  const people = [await stage.person({ role: null }), await stage.person({ role: null })];
  for (const { page } of people) {
    await page.goto("/nodes");
    await signIn.with(page, token);
    await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
  }
  return people.map(({ page }) => page);
}

/** The streams of the server, as it counts them. */
async function openStreams(stage) {
  const metrics = await (await fetch(`${stage.server.url}/metrics`, { headers: { authorization: `Bearer ${await stage.server.token("viewer", "metrics")}` } })).text();
  return Number(metrics.match(/^pitlane_event_streams(?:\{[^}]*\})? (\d+)/m)?.[1]);
}

const saysItEnded = (page) => reads(page.getByRole("alert"), /Your session has ended\. Sign in to go on\./, { timeout: 20_000 });

story("a person sees their two browsers and ends the other one", { refusals: [401] }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const [here, there] = await twoBrowsers(stage, "viewer", "sam");
  await stage.person({ role: "viewer", name: "kim" });
  await fleet.card(there, "edge-fra-01").waitFor();

  await here.getByRole("link", { name: "sam · viewer" }).click();
  await here.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  await until("both browsers to be listed", async () => (await rows(here).count()) === 2);
  const mine = rows(here).filter({ hasText: "This session" });
  const other = rows(here).filter({ hasNotText: "This session" });
  await reads(mine, /Chrome.*127\.0\.0\.1 · signed in with a token \d+ s ago last used \d+ s ago · ends in \d+ d/);
  assert.equal(await mine.getByRole("button", { name: "Sign out" }).count(), 1);
  assert.equal(await here.getByRole("group", { name: "Whose sessions" }).count(), 0, "others are an admin's business");

  // By keyboard: the question comes first, and takes the focus with it.
  await other.getByRole("button", { name: /^End the session of sam, Chrome.*127\.0\.0\.1$/ }).focus();
  await here.keyboard.press("Enter");
  await reads(other, /Its open pages are signed out at once\./);
  const hasFocus = (name) => until(`the focus to be on ${name}`, () => other.getByRole("button", { name }).evaluate((button) => button === document.activeElement));
  await hasFocus("Cancel");
  await here.keyboard.press("Enter");
  await reads(other, /^(?!.*Its open pages)/);
  await hasFocus(/^End the session/);
  await here.keyboard.press("Enter");
  await hasFocus("Cancel");
  await here.keyboard.press("Tab");
  await hasFocus(/^End the session/);
  await here.keyboard.press("Enter");
  await until("one to be left", async () => (await rows(here).count()) === 1);
  await reads(here.getByRole("main"), /You are signed in nowhere else\./);
  await saysItEnded(there);
  await signIn.token(there).waitFor();

  // The other page signs in again, and stands where it was.
  assert.equal((await there.request.get("/api/v1/fleet")).status(), 401);
  await signIn.with(there, await stage.server.token("viewer", "sam"));
  await fleet.card(there, "edge-fra-01").waitFor();
  await there.goto("/activity");
  await reads(there.getByRole("region", { name: "Activity log" }), /Ended the session of sam from 127\.0\.0\.1\. · by sam/);
});

story("an admin ends everybody's sessions and stays", { refusals: [401] }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const [first, second] = await twoBrowsers(stage, "operator", "sam");
  const admin = (await stage.person({ role: "admin", name: "root" })).page;
  await opens(admin);
  await reads(admin.getByRole("main"), /You are signed in nowhere else\./);
  await admin.getByRole("button", { name: "Everybody's" }).click();
  await until("all three to be listed", async () => (await rows(admin).count()) === 3);
  assert.match(admin.url(), /\/sessions\?everyone=yes$/);
  assert.equal(await rows(admin).filter({ hasText: "sam · operator" }).count(), 2);

  await rows(admin).filter({ hasText: "sam · operator" }).first().getByRole("button", { name: /^End/ }).click();
  await admin.getByRole("group", { name: /Its open pages/ }).getByRole("button", { name: /^End/ }).click();
  await until("two to be left", async () => (await rows(admin).count()) === 2);
  await saysItEnded(second);

  await admin.getByRole("button", { name: "End all but this one" }).click();
  await reads(admin.getByRole("main"), /Everybody else has to sign in again/);
  await admin.getByRole("group", { name: /Everybody else/ }).getByRole("button", { name: "End all but this one" }).click();
  await reads(admin.getByRole("main"), /Nobody else is signed in\./);
  await saysItEnded(first);
  assert.equal(await rows(admin).count(), 1);
});

story("the server's terminal ends every session, and the pages say so", { refusals: [401] }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const [first, second] = await twoBrowsers(stage, "admin", "root");
  const link = await stage.server.signInLink();
  const byLink = (await stage.person({ role: null })).page;
  await byLink.goto(link);
  await byLink.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
  assert.match(await stage.server.command("session", "list"), /\blink\b/);
  await stage.server.command("session", "revoke", "--all");
  for (const page of [first, second, byLink]) await saysItEnded(page);
  await until("no stream to be left", async () => (await openStreams(stage)) === 0);
  assert.equal(await stage.server.command("session", "list"), "Nobody is signed in.");
});

story("a session that somebody else ended first is said to be gone", { refusals: [401, 403, 404] }, async (stage) => {
  const [here] = await twoBrowsers(stage, "viewer", "sam");
  await opens(here);
  await until("both to be listed", async () => (await rows(here).count()) === 2);
  const other = rows(here).filter({ hasNotText: "This session" });
  await other.getByRole("button", { name: /^End/ }).click();
  const { sessions } = JSON.parse(await stage.server.command("session", "list", "--json", "--name", "sam"));
  const { sessions: own } = (await (await here.request.get("/api/v1/sessions")).json()).data;
  await stage.server.command("session", "revoke", own.find((session) => !session.current).id);
  await other.getByRole("group").getByRole("button", { name: /^End/ }).click();
  await until("one to be left", async () => (await rows(here).count()) === 1);
  assert.equal(sessions.length, 2);

  // A viewer who asks for everybody's is told why not.
  await here.goto("/sessions?everyone=yes");
  await reads(here.getByRole("alert"), /Needs the admin role; you are signed in as viewer\./);
});
