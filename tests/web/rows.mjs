// Stored rows: all of them scrolled through by keys, filtered, exported, one looked at.
import { readFileSync } from "node:fs";
import { asked, drive, picture } from "./browser.mjs";

async function downloaded(page, kind) {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByRole("menuitem", { name: kind }).click();
  return readFileSync(await (await download).path(), "utf8");
}

await drive(async (open) => {
  const page = await open();
  await page.goto(asked.url);
  await page.getByRole("link", { name: "Data", exact: true }).click();
  await page.getByRole("link", { name: "hospitals", exact: true }).click();
  const grid = page.getByRole("grid", { name: "Stored rows" });
  await grid.waitFor();
  await page.getByText("The first 200 rows").waitFor();
  await picture(page, "web-rows");
  const columns = await page.getByRole("columnheader").allTextContents();
  const seen = new Set();
  let most = 0;
  const look = async () => {
    const rows = await page.locator("[data-row]").evaluateAll((all) => all.map((row) => row.querySelector("[data-column=provider_id]").textContent));
    for (const row of rows) seen.add(row);
    most = Math.max(most, rows.length);
  };
  // By keys alone. Pages come as the end comes near.
  await page.locator('[data-at="0/0"]').focus();
  while ((await page.getByText(asked.all, { exact: true }).count()) === 0) {
    await page.keyboard.press("Control+End");
    await page.evaluate(() => new Promise((seen) => { requestAnimationFrame(seen); }));
  }
  await page.getByText(asked.all, { exact: true }).waitFor();
  await page.keyboard.press("Control+End");
  await page.waitForFunction((last) => document.activeElement?.dataset.at?.startsWith(`${last}/`), asked.rows - 1);
  await look();
  await page.getByRole("combobox", { name: "Column" }).click();
  await page.getByRole("option", { name: "state", exact: true }).click();
  await page.getByLabel("has exactly this value").fill("AK");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.locator("[data-condition=state]").waitFor();
  const fit = page.getByText("fit the filter");
  await fit.waitFor();
  const filtered = await fit.textContent();
  const address = page.url();
  const csv = await downloaded(page, /^CSV/);
  const ndjson = await downloaded(page, /^NDJSON/);
  await page.locator("[data-row]").filter({ hasText: asked.one }).click();
  const panel = page.getByRole("dialog");
  await panel.getByTestId("row-line").waitFor();
  const shown = {
    name: await panel.getByTestId("row-values").locator('[data-column="name"]').textContent(),
    hash: await panel.getByTestId("content-hash").textContent(),
    line: await panel.getByTestId("row-line").textContent(),
  };
  await picture(page, "web-row");
  await panel.getByRole("button", { name: "Show the rows whose city is the same" }).click();
  await page.locator("[data-condition=city]").waitFor();
  await page.getByText(asked.same).waitFor();
  await page.locator("[data-row]").filter({ hasText: asked.one }).click();
  await panel.getByRole("link", { name: "hospitals.csv" }).click();
  await page.getByText("Pieces and workers").waitFor();
  const job = page.url();
  await page.goto(address);
  await page.getByRole("button", { name: "Take away: state is AK" }).click();
  await page.getByText("The first 200 rows").waitFor();
  await page.goto(`${asked.url}/rows/hospitals?where=${encodeURIComponent(JSON.stringify({ state: "no such" }))}`);
  await page.getByText("No row is like that").waitFor();
  return { columns, most, last: [...seen], filtered, csv, ndjson, shown, job };
});
