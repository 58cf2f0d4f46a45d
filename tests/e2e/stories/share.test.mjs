// A link to a node's status, opened by somebody else.
import assert from "node:assert/strict";
import { until } from "../../support/wait.mjs";
import { fleet, says, signIn } from "../support/console.mjs";
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
