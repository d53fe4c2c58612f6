// Drives Chromium through one thing that people do with a browser: browser.mjs NAME JSON, where NAME is one of the
// functions below. Prints its result as JSON. Called by tests/client_browser.py.
import puppeteer from "puppeteer-core";

const [name, json] = process.argv.slice(2);
const asked = JSON.parse(json);

// A page of ours, seen by the browser at `url`; everything else goes to whoever is there.
async function pageOf(browser, url, html, complaints) {
  const page = await browser.newPage();
  page.on("console", (message) => complaints?.push(message.text()));
  page.on("pageerror", (error) => complaints?.push(String(error)));
  if (html === undefined) {
    await page.goto(url);
    return page;
  }
  const serve = (request) =>
    request.url() === url
      ? request.respond({ contentType: "text/html; charset=utf-8", body: html })
      : request.continue();
  page.on("request", serve);
  await page.setRequestInterception(true);
  await page.goto(url);
  page.off("request", serve);
  await page.setRequestInterception(false);
  return page;
}

// Fills the page's form and sends it, as a person does: {status, body}, of whatever page comes of it.
async function form(browser) {
  const results = [];
  for (const step of asked.steps) {
    const page = await pageOf(browser, step.url, step.html);
    const file = await page.$("input[type=file]");
    await file.uploadFile(step.file);
    for (const [field, value] of Object.entries(step.fields ?? {})) await page.type(`[name=${field}]`, value);
    const [answer] = await Promise.all([page.waitForNavigation(), page.click("button")]);
    results.push({ status: answer.status(), body: await answer.text() });
    await page.close();
  }
  return results;
}

// What a script of a page may do there: {name: what came of it}.
async function script(browser) {
  const page = await pageOf(browser, asked.url, asked.html);
  if (asked.tus) await page.addScriptTag({ path: asked.tus });
  if (asked.file) await (await page.$("input[type=file]")).uploadFile(asked.file);
  return page.evaluate(`(${asked.script})(${JSON.stringify(asked.server)})`);
}

// Opens a page that follows events and says so; then, once the job has ended, what it has seen.
async function live(browser) {
  const page = await pageOf(browser, asked.url, asked.html);
  await page.waitForFunction("window.isOpen()");
  console.log(JSON.stringify({ open: true }));
  await page.waitForFunction("window.hasEnded()", { timeout: 60_000 });
  return page.evaluate("window.seen");
}

// Looks at a page in every size and colour: what is wrong with its layout, and pictures of it.
async function look(browser) {
  const results = [];
  for (const view of asked.views) {
    const complaints = [];
    const page = await browser.newPage();
    page.on("console", (message) => complaints.push(message.text()));
    await page.setViewport({ width: view.width, height: view.height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.scheme }]);
    await page.goto(asked.url + (view.at ?? ""));
    const seen = await page.evaluate(() => {
      const rgb = (element, what) => getComputedStyle(element)[what].match(/[\d.]+/g).map(Number);
      return {
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        ground: rgb(document.body, "backgroundColor"),
        ink: rgb(document.body, "color"),
        dead: [...document.querySelectorAll('a[href^="#"]')]
          .map((link) => link.getAttribute("href").slice(1))
          .filter((id) => !document.getElementById(id)),
        articles: document.querySelectorAll("article").length,
        title: document.querySelector("h1").getBoundingClientRect().top,
        // What does not fit, whether it can be scrolled to or not.
        cut: [...document.querySelectorAll("h1, h2, h3, h4, p, .route, .scroll")]
          .filter((element) => element.scrollWidth > element.clientWidth + 1)
          .map((element) => element.textContent.slice(0, 60)),
      };
    });
    if (view.picture) await page.screenshot({ path: view.picture });
    results.push({ ...seen, complaints });
    await page.close();
  }
  return results;
}

const browser = await puppeteer.launch({
  executablePath: asked.chromium,
  userDataDir: asked.profile,
  args: [
    "--host-resolver-rules=MAP *.example 127.0.0.1",
    // Ours is to refuse pages of other sites, whether a browser lets them try or not.
    "--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessSendPreflights,BlockInsecurePrivateNetworkRequests",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
  ],
});
try {
  const result = await { form, script, live, look }[name](browser);
  console.log(JSON.stringify(result));
} finally {
  await browser.close();
}
