// Sums by state that follow what is loaded; sorted, filtered, drawn, exported, made anew.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { asked, drive, picture } from "./browser.mjs";

const send = (page, file) =>
  page.request.post(`${asked.url}/v1/pipelines/hospitals/jobs?fileName=${basename(file)}`, { data: readFileSync(file), headers: { "Content-Type": "text/csv" } });

const group = (page, name, measure) => page.locator(`[data-group="${name}"] [data-measure=${measure}]`);
const names = (page) => page.locator("[data-group]").evaluateAll((all) => all.map((row) => row.dataset.group));

await drive(async (open) => {
  const page = await open();
  await page.goto(`${asked.url}/aggregates`);
  await page.getByText("Nothing is summed up yet").waitFor();
  await page.evaluate(() => { window.loads = 1; });
  await send(page, asked.register);
  // Nobody touches the page: it follows.
  await page.getByRole("link", { name: "hospitals_by_state" }).click();
  await group(page, "TX", "hospitals").filter({ hasText: asked.texas }).waitFor();
  await page.getByTestId("group-bars").getByText("TX", { exact: true }).waitFor();
  await page.waitForFunction((most) => document.querySelector("[data-testid=group-bars] li .numbers")?.textContent === most, asked.texas);
  await picture(page, "web-aggregate");
  const bars = await page.getByTestId("group-bars").getByRole("listitem").evaluateAll((all) =>
    all.map((bar) => [bar.querySelector(".name").textContent, bar.querySelector(".numbers").textContent]));
  const heading = page.locator("th").filter({ hasText: "hospitals" });
  await heading.getByRole("button").click();
  await page.waitForFunction(() => document.querySelector("[data-group]").dataset.group === "TX");
  const sorted = await names(page);
  const aria = await heading.getAttribute("aria-sort");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByRole("menuitem", { name: /^NDJSON/ }).click();
  const ndjson = readFileSync(await (await download).path(), "utf8");
  await page.locator('[data-group="AK"]').getByRole("button", { name: "AK" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-group]").length === 1);
  const filtered = await names(page);
  await page.getByRole("button", { name: "Take away: state is AK" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-group]").length > 1);
  await send(page, asked.another);
  await group(page, "ZZ", "hospitals").waitFor();
  await page.getByRole("button", { name: "Rebuild" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rebuild" }).click();
  const rebuilt = page.getByTestId("rebuilt");
  await rebuilt.waitFor();
  return { bars, sorted, aria, ndjson, filtered, rebuilt: await rebuilt.textContent(), loads: await page.evaluate(() => window.loads ?? 0) };
});
