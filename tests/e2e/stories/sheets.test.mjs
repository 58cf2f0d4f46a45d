// What every sheet owes to whoever stands before it: nothing of it is cut off.
import assert from "node:assert/strict";
import { container } from "../../support/agent.mjs";
import { until } from "../../support/wait.mjs";
import { sideways } from "../support/access.mjs";
import { story } from "../support/story.mjs";

story("nothing of the drain sheet is cut off while it begins later, in Arabic neither", {}, async (stage) => {
  const agent = await stage.agent({ name: "edge-fra-01", containers: [container({ service: "postgres", volumes: ["shop_pgdata"] })] });
  await stage.agent({ name: "edge-fra-02" });
  for (const language of ["en", "ar", "de"]) {
    const { page } = await stage.person({ name: language });
    await page.addInitScript((code) => localStorage.setItem("pitlane.language", code), language);
    for (const width of [390, 768, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`/nodes/${agent.id}?do=plan`);
      const dialog = page.getByRole("dialog");
      await dialog.locator("input[type=datetime-local]").fill("2020-01-01T00:00");
      await dialog.getByRole("textbox").first().fill("Kernel 6.12 reboot");
      await page.keyboard.press("Enter");
      await until("what is wrong with the time", () => dialog.locator("[aria-invalid=true]").count());
      assert.deepEqual(await sideways(page), [], `${language}, ${width}`);
    }
  }
});
