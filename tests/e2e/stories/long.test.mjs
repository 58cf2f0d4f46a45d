// What people and clouds really write: a name longer than its card, a reason of five hundred characters, a name from right to left.
import assert from "node:assert/strict";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { DESKTOP, PHONE } from "../support/browser.mjs";
import { fleet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

const NAME = "a-very-long-node-name-that-somebody-generated.by.a.cloud.provider.eu-central-1.compute.internal.example.org";
const ARABIC = "عقدة-الحافة-الأولى";
const REASON = `Kernel ${"because of the kernel, ".repeat(30)}`.slice(0, 490).trim();
const STILL = { PITLANE_HEARTBEAT_EVERY: "60s", PITLANE_LATE_AFTER: "20m", PITLANE_OFFLINE_AFTER: "30m" };

/** Whether two boxes have a pixel in common. */
const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

async function nodes(stage) {
  const api = await stage.server.api("operator", "on-call");
  const long = await stage.agent({ name: NAME, containers: [container({ service: "web" })] });
  const reason = await stage.agent({ name: "edge-fra-02" });
  await stage.agent({ name: ARABIC, region: "eu-south" });
  await stage.agent({ name: "edge-fra-03" });
  const back = new Date(Date.now() + 7_200_000).toISOString();
  const { status } = await api.drain(reason.id, { reason: REASON, expected_back_at: back });
  assert.equal(status, 202);
  await until("maintenance", async () => (await api.node(reason.id)).scheduling === "maintenance");
  return { long, reason };
}

story("a long name keeps clear of box and badge, and a long reason does not stretch its row", { settings: STILL }, async (stage) => {
  await nodes(stage);
  for (const language of ["en", "de", "ar"]) {
    for (const [scheme, viewport] of [["light", DESKTOP], ["dark", PHONE], ["light", { width: 768, height: 1024 }]]) {
      const person = await stage.person({ name: "on-call", viewport, scheme });
      const { page } = person;
      await page.addInitScript((code) => localStorage.setItem("pitlane.language", code), language);
      await page.goto("/nodes");
      const at = `${language}, ${viewport.width} wide`;
      for (const name of [NAME, ARABIC, "edge-fra-02"]) {
        const card = fleet.card(page, name);
        await card.scrollIntoViewIfNeeded();
        const link = card.getByRole("link", { name, exact: true });
        const [said, box, whole] = await Promise.all([link, card.getByRole("checkbox"), card].map((locator) => locator.boundingBox()));
        assert.equal(meet(said, box), false, `${at}: the name ${name} runs under its box`);
        assert.ok(said.x >= whole.x && said.x + said.width <= whole.x + whole.width, `${at}: the name ${name} leaves its card`);
        assert.ok(whole.height < 400, `${at}: the card of ${name} is ${whole.height} pixels high`);
        await card.getByTitle(name, { exact: true }).waitFor();
      }
      const card = fleet.card(page, "edge-fra-02");
      await card.getByTitle(REASON).first().waitFor();
      const overdueOrBack = { en: /back in/, de: /zurück/, ar: /./ }[language];
      assert.match(await card.innerText(), overdueOrBack, "when it is expected stands before the reason");
      if (process.env.PITLANE_LOOK) await person.picture(`long-${language}-${viewport.width}`);
      await person.leaves();
    }
  }
});
