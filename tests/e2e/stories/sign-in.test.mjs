// Signing in: by the link that was printed at start, once; by a token; and out again.
import assert from "node:assert/strict";
import { signIn } from "../support/console.mjs";
import { story } from "../support/story.mjs";

story("signs in by the printed link, which works once", { refusals: [401] }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const link = await stage.server.signInLink();
  const { page } = await stage.person({ role: null });
  await page.goto(link);
  await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
  await page.getByText("edge-fra-01").first().waitFor();
  assert.ok(!page.url().includes(link.split("#")[1]), "the code does not stay in the address bar");

  await page.reload();
  await page.getByText("edge-fra-01").first().waitFor();
  const cookies = await page.context().cookies();
  assert.equal(cookies.length, 1);
  assert.deepEqual([cookies[0].httpOnly, cookies[0].sameSite], [true, "Strict"]);

  const second = await stage.person({ role: null });
  await second.page.goto(link);
  await second.page.getByRole("alert").first().waitFor();
  await second.page.goto("/nodes");
  await signIn.token(second.page).waitFor();
});

story("signs in with a token, and out again", { refusals: [401] }, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  const token = await stage.server.token("viewer", "sam");
  const { page } = await stage.person({ role: null });
  await page.goto("/nodes?show=healthy");
  await signIn.with(page, "not-a-token");
  await page.getByRole("alert").first().waitFor();
  await signIn.with(page, token);
  await page.getByText("edge-fra-01").first().waitFor();
  assert.match(page.url(), /\/nodes\?show=healthy$/, "one stands where one wanted to go");

  await page.getByRole("banner").getByText("sam · viewer").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn.token(page).waitFor();
  assert.equal((await page.request.get("/api/v1/nodes")).status(), 401);
});
