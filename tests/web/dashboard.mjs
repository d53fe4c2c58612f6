// Numbers over time, which follow what is loaded.
import { readFileSync } from "node:fs";
import { asked, drive } from "./browser.mjs";

const shown = (page) => page.locator("[data-tile]").evaluateAll((all) => Object.fromEntries(all.map((tile) => [tile.dataset.tile, tile.querySelector(".numbers").textContent])));

await drive(async (open) => {
  const page = await open();
  await page.goto(`${asked.url}/dashboard`);
  await page.locator("[data-ready=ready]").waitFor();
  await page.locator(".u-over").nth(2).waitFor();
  const before = await shown(page);
  await page.request.post(`${asked.url}/v1/pipelines/hospitals/jobs?fileName=hospitals-update.csv`, { data: readFileSync(asked.file), headers: { "Content-Type": "text/csv" } });
  await page.waitForFunction(() => document.querySelector("[data-tile=completed] .numbers")?.textContent === "1");
  const after = await shown(page);
  await page.getByText("Week", { exact: true }).click();
  await page.waitForURL(/span=week/);
  await page.getByRole("combobox", { name: "Pipeline" }).click();
  await page.getByRole("option", { name: "other" }).click();
  await page.waitForFunction(() => document.querySelector("[data-tile=read] .numbers")?.textContent === "0");
  // What the pointer is at is said in words.
  await page.locator(".u-over").first().hover();
  await page.getByText(/Rows read a second: 0/).waitFor();
  return { before, after };
});
