// A job is cancelled, let go on and deleted with its rows; found by its file's name; its rejected rows are entered in the middle.
import { asked, choose, drive, ended } from "./browser.mjs";

await drive(async (open) => {
  const page = await open();
  const found = {};
  await page.goto(asked.url);
  await choose(page, asked.file);
  await page.getByRole("button", { name: "Send this file" }).click();
  await page.getByRole("link", { name: "Everything about it" }).click();
  await page.locator("[data-job-status=PROCESSING]").waitFor();
  await page.waitForFunction(() => Number(document.querySelector("[data-count=read] .numbers")?.textContent.replaceAll(/\D/g, "") ?? "0") > 0);
  await page.getByRole("button", { name: "Cancel the job" }).click();
  await page.getByRole("button", { name: "Cancel it" }).click();
  await page.locator("[data-job-status=CANCELLED]").waitFor();
  found.job = page.url().split("/").at(-1);
  found.whenCancelled = await (await page.request.get(`${asked.url}/v1/jobs/${found.job}`)).json();
  await page.getByRole("button", { name: "Let it go on" }).click();
  await ended(page);
  found.whenEnded = await (await page.request.get(`${asked.url}/v1/jobs/${found.job}`)).json();
  const history = page.getByRole("region", { name: "What happened" });
  await history.getByText("Completed").waitFor();
  found.timeline = await history.innerText();

  // Into the middle of the rejected rows: nothing before it is asked for.
  const asked_for = [];
  page.on("request", (request) => request.url().includes("/errors?") && asked_for.push(new URL(request.url()).search));
  await page.goto(`${asked.url}/jobs/${asked.rejects}/rejects`);
  await page.locator("[data-row]").first().waitFor();
  asked_for.length = 0;
  await page.getByRole("textbox", { name: "From row", exact: true }).or(page.getByRole("spinbutton", { name: "From row", exact: true })).fill("5000");
  await page.locator('[data-row="5000"]').waitFor();
  found.firstRow = await page.locator("[data-row]").first().getAttribute("data-row");
  found.requests = asked_for.filter((query) => !query.includes("row="));
  await page.getByRole("slider", { name: "From row, by sliding" }).press("End");
  await page.locator('[data-row="6000"]').waitFor();
  found.all = await page.locator("[data-row]").count();
  await page.getByRole("button", { name: "To the beginning" }).click();
  await page.locator('[data-row="1"]').waitFor();
  found.groups = await page.getByRole("navigation", { name: "Reasons" }).innerText();

  // Found by a part of the file's name, then removed with its rows.
  await page.goto(`${asked.url}/jobs`);
  await page.locator("[data-job]").nth(1).waitFor();
  await page.getByLabel("File").fill("PEOPLE");
  await page.locator(`[data-job="${asked.rejects}"]`).waitFor({ state: "detached" });
  found.listed = await page.locator("[data-job]").evaluateAll((all) => all.map((row) => row.dataset.job));
  await page.getByLabel("File").fill("no such file");
  await page.getByText("No job is like that").waitFor();
  await page.getByLabel("File").fill("");
  await page.locator(`[data-job="${found.job}"]`).getByRole("link").first().click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByLabel("Remove the rows that it stored, too").check();
  await page.getByRole("button", { name: "Delete it and its rows" }).click();
  await page.getByText("Each file that was sent is a job").waitFor();
  await page.locator(`[data-job="${found.job}"]`).waitFor({ state: "detached" });
  found.complaints = page.complaints;
  return found;
});
