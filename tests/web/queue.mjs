// The queue paused and resumed, who works on what, dead letters let run again, schedules made, changed and removed.
import { readFileSync } from "node:fs";
import { asked, drive } from "./browser.mjs";

const tile = (page, name) => page.locator(`[data-tile=${name}] .numbers`);
const shows = (page, name, value) => page.waitForFunction(
  ([tileName, text]) => document.querySelector(`[data-tile=${tileName}] .numbers`)?.textContent === text, [name, value]);

async function steering(page) {
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause it" }).click();
  await page.locator("[data-paused=true]").waitFor();
  const sent = await page.request.post(`${asked.url}/v1/pipelines/people/jobs?fileName=people.csv`, { data: readFileSync(asked.file), headers: { "Content-Type": "text/csv" } });
  const { jobId } = await sent.json();
  await shows(page, "waiting", "1");
  const idle = await page.getByText("Nobody works on anything at this moment.").count();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator("[data-paused=false]").waitFor();
  const working = page.locator(`[data-active^="${jobId}/"]`).first();
  await working.waitFor();
  return { idle, worker: await working.locator("code").textContent(), file: await working.getByRole("link").textContent(), job: jobId };
}

async function letters(page) {
  const letter = page.locator(`[data-letter="${asked.failed}"]`);
  await letter.waitFor();
  const cause = await letter.getByTestId("cause").textContent();
  const path = `/v1/jobs/${asked.failed}`;
  const before = await page.evaluate(async (at) => (await (await fetch(at)).json()).finishedAt, path);
  await letter.getByRole("button", { name: "run again" }).click();
  const result = page.getByTestId("replayed");
  await result.waitFor();
  const one = await result.textContent();
  await page.waitForFunction(async ([at, then]) => {
    const { finishedAt } = await (await fetch(at)).json();
    return finishedAt !== null && finishedAt !== then;
  }, [path, before]);
  await letter.waitFor(); // its reason is still there
  await page.getByRole("button", { name: "Let all run again" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Let them run" }).click();
  await result.waitFor();
  return { cause, one, all: await result.textContent() };
}

async function schedules(page) {
  const kept = async () => (await (await page.request.get(`${asked.url}/v1/schedules`)).json()).items.map(({ name, pipeline, cron, zone, at, source, enabled }) => ({ name, pipeline, cron, zone, at, source, enabled }));
  await page.getByText("Nothing begins by the clock").waitFor();
  await page.getByRole("button", { name: "New schedule" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill("nightly");
  await form.getByRole("combobox", { name: "Pipeline" }).click();
  await page.getByRole("option", { name: "people" }).click();
  await form.getByLabel("When").fill("0 25 * * *");
  await form.getByRole("button", { name: "Make it" }).click();
  const refused = form.getByRole("alert");
  await refused.waitFor();
  const why = await refused.textContent();
  await form.getByRole("button", { name: "on workdays at 6" }).click();
  await form.getByRole("button", { name: "Make it" }).click();
  const one = page.locator("[data-schedule=nightly]");
  await one.waitFor();
  const made = await kept();
  await one.getByRole("button", { name: "Switch off" }).click();
  await one.getByText("Off", { exact: true }).waitFor();
  await one.getByRole("button", { name: "Change" }).click();
  await form.getByText("Once", { exact: true }).click();
  await form.getByLabel("When").fill("2100-01-01T06:00");
  await form.getByRole("button", { name: "Keep the changes" }).click();
  await form.waitFor({ state: "detached" });
  const changed = await kept();
  await one.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
  await page.getByText("Nothing begins by the clock").waitFor();
  return { why, made, changed, left: await kept() };
}

await drive(async (open) => {
  const page = await open();
  await page.goto(`${asked.url}/queue`);
  await tile(page, "waiting").waitFor();
  return { letters: await letters(page), schedules: await schedules(page), steering: await steering(page) };
});
