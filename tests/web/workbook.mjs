// Rejected rows of a workbook: downloaded as one, and sent back corrected as one.
import { asked, drive } from "./browser.mjs";

await drive(async (open) => {
  const page = await open();
  const found = {};
  await page.goto(asked.url);
  await page.getByTestId("files").setInputFiles(asked.file);
  await page.getByText("would be rejected").waitFor();
  found.seen = await page.getByRole("region", { name: "people.xlsx" }).innerText();
  await page.goto(`${asked.url}/jobs/${asked.job}/rejects`);
  await page.locator("[data-row]").first().waitFor();
  await page.getByRole("button", { name: "Download" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Excel workbook" }).click()]);
  found.name = download.suggestedFilename();
  found.accepts = await page.getByTestId("report").getAttribute("accept");
  await page.getByTestId("report").setInputFiles(asked.corrected);
  const result = page.getByTestId("corrections-result");
  await result.waitFor();
  found.result = await result.innerText();
  found.complaints = page.complaints;
  return found;
});
