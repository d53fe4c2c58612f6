// An archive of files is sent, and seen to become a job for each of them.
import { asked, choose, counts, drive } from "./browser.mjs";

await drive(async (open) => {
  const page = await open();
  await page.goto(asked.url);
  await choose(page, asked.file);
  const said = await page.getByText("This is an archive").textContent();
  await page.getByRole("button", { name: "Send this file" }).click();
  await page.getByRole("link", { name: "delivery.zip" }).first().click();
  await page.locator("[data-job-status=FAILED]").waitFor();
  await page.getByRole("heading", { name: "3 files in it" }).waitFor();
  const sums = await counts(page);
  const cause = await page.getByText("not loaded").first().textContent();
  await page.getByRole("link", { name: "2024/hospitals-update.csv", exact: true }).click();
  await page.locator("[data-job-status=COMPLETED]").waitFor();
  await page.getByRole("link", { name: "an archive" }).click();
  await page.getByRole("heading", { name: "delivery.zip" }).waitFor();
  return { said, sums, cause, complaints: page.complaints };
});
