// What a role may not do stays on the screen and says why; the server refuses it as well.
import assert from "node:assert/strict";
import { fleet, says } from "../support/console.mjs";
import { story } from "../support/story.mjs";

story("a viewer sees disabled buttons with reasons", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person({ role: "viewer", name: "sam" });
  await fleet.open(page);
  const drain = fleet.drain(page, "edge-fra-01");
  await drain.waitFor();
  assert.equal(await drain.isDisabled(), true);
  const described = await drain.evaluate((button) => document.getElementById(button.getAttribute("aria-describedby"))?.textContent);
  assert.equal(described, "Needs the operator role; you are signed in as viewer.");
  await drain.click({ force: true });
  assert.equal(await page.getByRole("dialog").count(), 0, "a press does nothing");
  await says(page.getByRole("banner"), /sam · viewer/);

  const viewer = await stage.server.api("viewer");
  const { status, body } = await viewer.drain(agent.id);
  assert.deepEqual([status, body.success], [403, false]);
});
