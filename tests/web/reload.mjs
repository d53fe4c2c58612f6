// An upload is left in the middle by loading the page anew, and gone on with by choosing the file again.
import { asked, choose, drive, say } from "./browser.mjs";

await drive(async (open) => {
  const page = await open();
  page.on("dialog", (dialog) => dialog.accept());   // the page asks whether one really wants to leave
  await page.goto(asked.url);
  await choose(page, asked.file);
  await page.getByRole("button", { name: "Send this file" }).click();
  await page.getByRole("progressbar").waitFor();
  await page.waitForFunction(() => Number(document.querySelector("[role=progressbar]").getAttribute("aria-valuenow")) > 0);
  await page.reload();
  const offer = page.getByRole("region").filter({ hasText: "Not sent to its end" });
  await offer.waitFor();
  say("reloaded");
  let begun = 0;   // uploads: the page may ask what the server takes
  page.on("request", (request) => { begun += request.method() === "POST" && new URL(request.url()).pathname === "/v1/uploads" ? 1 : 0; });
  const offered = await offer.textContent();
  await offer.locator("input[type=file]").setInputFiles(asked.file);
  await page.getByRole("button", { name: "Send this file" }).click();
  const wentOn = page.getByText("going on where it was").waitFor().then(() => true, () => false);
  const arrived = page.locator("[data-upload=sent] [data-job]");
  await Promise.race([wentOn, arrived.waitFor()]);
  await arrived.waitFor();
  return { offered, wentOn: begun === 0, job: await arrived.getAttribute("data-job") };
});
