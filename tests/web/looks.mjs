// Every page in one view: a picture, what the browser complains of, what axe finds, what is over the edge.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { asked, choose, drive, picture } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const WORSE = ["serious", "critical"];

// What a page shows when it is there.
const THERE = {
  start: "Sent lately", jobs: "Each file that was sent is a job", job: "Pieces and workers", archive: "3 files in it", rejects: "What is wrong", "sign-in": "API key",
  "no-job": "There is no such thing", "none-like-that": "No job is like that",
  pipelines: "What it does", pipeline: "Try it on a file", "pipeline-file": "It is changed where the server runs", "new-pipeline": "Infer it from a file",
  "no-pipeline": "There is no such thing", keys: "This server asks nobody", audit: "wrote a pipeline",
  data: "by the pipeline that they came through", rows: "more come as you scroll", aggregates: "hospitals_by_state", aggregate: "20 largest",
  queue: "Runs next", dashboard: "from being sent until",
};

async function seenOf(page, name, view) {
  await page.evaluate(AXE);
  const axe = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations);
  const found = axe.filter(({ impact }) => WORSE.includes(impact))
    .map(({ id, help, nodes }) => ({ id, help, nodes: nodes.slice(0, 4).map(({ html, failureSummary }) => `${html.slice(0, 200)} — ${failureSummary}`) }));
  const rest = await page.evaluate(() => {
    const rgb = (value) => (value.match(/[\d.]+/g) ?? []).map(Number);
    const style = getComputedStyle(document.body);
    return {
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      title: document.title, ink: rgb(style.color), ground: rgb(style.backgroundColor),
    };
  });
  // What is not there is answered with 404, and the browser has its own word for it.
  const complaints = page.complaints.splice(0).filter((text) => !name.startsWith("no-") || !text.includes("404"));
  return { page: name, width: view.width, scheme: view.scheme, axe: found, complaints, foreign: page.foreign.splice(0), ...rest };
}

await drive(async (open) => {
  const seen = [];
  const page = await open();
  const { view } = asked;
  await page.setViewportSize({ width: view.width, height: view.height });
  await page.emulateMedia({ colorScheme: view.scheme });
  for (const [name, path] of Object.entries(asked.pages)) {
    await page.goto(asked.url + path);
    const cards = name === "rejects" && view.width < 768;
    await page.getByText(cards ? "Only what is wrong" : name === "pipelines" && view.width < 832 ? "Last job" : THERE[name]).first().waitFor();
    if (name === "pipelines" && view.width > 360) await page.getByText("rows known by id").first().waitFor();
    if (name === "rejects" || name === "rows") await page.locator("[data-row]").first().waitFor();
    if (name === "dashboard") await page.locator(".u-over").nth(2).waitFor();
    if (name === "queue") await page.locator("[data-letter]").first().waitFor();
    // A list over thousands of rows is as high as all of them: what is seen of it at first.
    await picture(page, `${name}-${view.width}-${view.scheme}`, name !== "rows");
    seen.push(await seenOf(page, name, view));
  }
  await page.goto(`${asked.url}/rows/hospitals`);
  await page.locator("[data-row]").first().click();
  await page.getByTestId("row-line").waitFor();
  await picture(page, `row-${view.width}-${view.scheme}`, false);
  seen.push(await seenOf(page, "row", view));
  await page.goto(`${asked.url}/queue`);
  await page.getByRole("button", { name: "New schedule" }).click();
  await page.getByRole("button", { name: "Make it" }).waitFor();
  await picture(page, `schedule-${view.width}-${view.scheme}`, false);
  seen.push(await seenOf(page, "schedule", view));
  await page.goto(asked.url);
  await choose(page, asked.file);
  await page.getByText("would be rejected").waitFor();
  await picture(page, `chosen-${view.width}-${view.scheme}`);
  seen.push(await seenOf(page, "chosen", view));
  return seen;
});
