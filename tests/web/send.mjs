// Sends a file, and gives the job that it became.
import { asked, choose, drive } from "./browser.mjs";

await drive(async (open) => {
  const page = await open();
  await page.goto(asked.url);
  await choose(page, asked.file);
  await page.getByRole("button", { name: "Send this file" }).click();
  const arrived = page.locator("[data-upload=sent] [data-job]");
  await arrived.waitFor();
  return { job: await arrived.getAttribute("data-job") };
});
