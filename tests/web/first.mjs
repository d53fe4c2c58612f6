// The first visit: no file, no pipeline, nothing known.
import { asked, drive, editCell, picture } from "./browser.mjs";

await drive(async (open) => {
  const page = await open();
  await page.goto(asked.url);
  await page.getByRole("button", { name: "Try it with six customers" }).click();
  await page.getByText("2 rows of the first 6 would be rejected").waitFor();
  await picture(page, "web-preview");
  await page.getByRole("button", { name: "Send this file" }).click();
  await page.getByRole("link", { name: "Look and correct" }).click();
  await page.getByRole("grid").waitFor();
  const rejected = await page.locator("[data-row]").count();
  await page.getByRole("button", { name: "Apply suggestions to 1 row" }).click();
  await editCell(page, "4", "email", "cid@example.com");
  await page.getByRole("button", { name: "Send 2 corrections" }).click();
  const result = page.getByTestId("corrections-result");
  await result.waitFor();
  const text = await result.textContent();
  await page.getByText("Nothing is left to correct here").waitFor();
  return { rejected: String(rejected), result: text };
});
