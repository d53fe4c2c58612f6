// The register of hospitals is sent, then an update with faults; two of them are corrected in place, by mouse and by keys.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { asked, choose, counts, drive, ended, picture } from "./browser.mjs";

async function send(page, file, rows) {
  await choose(page, file);
  await page.getByText(rows).waitFor();
  const pipeline = page.getByLabel("Pipeline").first();
  const proposed = await pipeline.inputValue();
  await page.getByRole("button", { name: "Send this file" }).click();
  const sending = page.getByRole("region", { name: `${basename(file)}, being sent` });
  await sending.getByRole("link", { name: "Everything about it" }).click();
  await ended(page);
  const shown = await counts(page);
  return { proposed, shown };
}

await drive(async (open) => {
  const page = await open();
  await page.goto(asked.url);
  const register = await send(page, asked.register, "would be stored");
  await page.getByRole("link", { name: "Upload", exact: true }).click();
  const update = await send(page, asked.update, "would be rejected");
  await picture(page, "web-job");
  await page.getByRole("link", { name: "Look and correct" }).click();
  await page.getByRole("grid").waitFor();
  await page.locator("[data-fault=true]").first().waitFor();
  const faulty = await page.locator("[data-row]").evaluateAll((rows) =>
    Object.fromEntries(rows.map((row) => [
      row.querySelector("[role=rowheader]").textContent,
      [...row.querySelectorAll("[data-fault=true]")].map((cell) => cell.dataset.column),
    ])),
  );
  await page.getByRole("button", { name: "Apply the suggestion: 02118" }).click();
  // By keys alone: to the cell, and typed over.
  await page.locator('[data-at="0/0"]').focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.type("CA");
  await page.keyboard.press("Enter");
  await page.getByText("2 rows corrected, not sent yet").waitFor();
  await picture(page, "web-rejects");
  await page.getByRole("button", { name: "Send 2 corrections" }).click();
  const result = page.getByTestId("corrections-result");
  await result.waitFor();
  const text = await result.textContent();
  await page.waitForFunction(() => document.querySelectorAll("[data-row]").length === 2);
  const left = await page.getByRole("rowheader").allTextContents();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByRole("menuitem", { name: /^CSV/ }).click();
  const report = readFileSync(await (await download).path(), "utf8");
  await page.getByRole("link", { name: "Jobs", exact: true }).click();
  await page.getByRole("table").waitFor();
  await picture(page, "web-jobs");
  return { proposed: [register.proposed, update.proposed], register: register.shown, update: update.shown, faulty, result: text, left, report };
});
