// What holds on every page: the keyboard is enough. What eyes and screen readers need is in `access-*`.
import { until } from "../../support/wait.mjs";
import { fleet, sheet } from "../support/console.mjs";
import { story } from "../support/story.mjs";

story("keys lead everywhere", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person();
  await fleet.open(page);
  // Keys are for what is on the screen: nobody presses one on a card that is not painted yet.
  await fleet.card(page, "edge-fra-02").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await until("the second card to have the focus", () => fleet.card(page, "edge-fra-02").evaluate((card) => card.contains(document.activeElement)));
  await page.keyboard.press("d");
  await sheet.of(page, "Drain edge-fra-02").waitFor();
  await page.keyboard.press("Escape");
  await sheet.of(page, "Drain edge-fra-02").waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.getByRole("heading", { name: "Activity", level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByRole("heading", { name: "Nodes", level: 1 }).waitFor();
});

story("the keyboard is enough to drain and to come back to where one was", {}, async (stage) => {
  await stage.agent({ name: "edge-fra-01" });
  await stage.agent({ name: "edge-fra-02" });
  const { page } = await stage.person();
  await fleet.open(page);
  await fleet.drain(page, "edge-fra-01").focus();
  await page.keyboard.press("Enter");
  const dialog = sheet.of(page, "Drain edge-fra-01");
  await dialog.waitFor();
  await until("focus inside of the sheet", () => dialog.evaluate((element) => element.contains(document.activeElement)));
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await until("focus back on the button", () => fleet.drain(page, "edge-fra-01").evaluate((button) => button === document.activeElement));
});
