// What the scripts beside this one share: Chromium, pages of it, and reading what they show. Each is called with what it is
// asked for as JSON, and prints what it saw as JSON, last.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const asked = JSON.parse(process.argv[2]);

const SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const PATIENCE_MS = 60_000;

export const say = (what) => console.log(JSON.stringify(what));

// `run(open)`; open() makes a page: `complaints` are the browser's, `foreign` what was asked of other servers.
export async function drive(run) {
  const profile = mkdtempSync(join(process.env.HOME ?? tmpdir(), "profile-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: asked.chromium, headless: true, args: SWITCHES, viewport: { width: 1280, height: 800 }, locale: "en-GB",
    timezoneId: "Europe/Berlin", colorScheme: "light", acceptDownloads: true,
  });
  browser.setDefaultTimeout(PATIENCE_MS);
  const open = async () => {
    const page = await browser.newPage();
    page.complaints = [];
    page.foreign = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    page.on("request", (request) => !/^(data|blob):/.test(request.url()) && !request.url().startsWith(asked.url) && page.foreign.push(request.url()));
    return page;
  };
  try {
    say(await run(open, browser));
  } finally {
    await browser.close();
  }
}

export async function picture(page, name, fullPage = true) {
  await page.screenshot({ path: `${asked.pictures}/${name}.png`, fullPage, animations: "disabled" });
}

// The numbers of a job as its page shows them.
export async function counts(page) {
  const tiles = page.locator("[data-count]");
  await tiles.first().waitFor();
  const pairs = await tiles.evaluateAll((all) => all.map((tile) => [tile.dataset.count, tile.querySelector(".numbers").textContent]));
  return Object.fromEntries(pairs.map(([name, text]) => [name, Number(text.replaceAll(/\D/g, ""))]));
}

// Until a job that is open has come to its end.
export const ended = (page) => page.locator("[data-job-status=COMPLETED]").waitFor();

export async function choose(page, ...files) {
  await page.getByTestId("files").setInputFiles(files);
}

export const editCell = async (page, line, column, value) => {
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: line, exact: true }) });
  await row.locator(`[data-column="${column}"]`).click();
  const input = page.getByLabel(`${column}, line ${line}`);
  await input.fill(value);
  await input.press("Enter");
};
