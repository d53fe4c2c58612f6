// A job is followed while it goes on; the server dies in the middle of it and comes back.
import { asked, choose, counts, drive, ended, say } from "./browser.mjs";

await drive(async (open) => {
  const page = await open();
  await page.goto(asked.url);
  await page.evaluate(() => { window.loads = 1; });
  await choose(page, asked.file);
  await page.getByRole("button", { name: "Send this file" }).click();
  await page.getByRole("link", { name: "Everything about it" }).click();
  const read = () => page.locator("[data-count=read] .numbers");
  const shows = (test) => page.waitForFunction(
    ([source, least]) => {
      const shown = Number(document.querySelector("[data-count=read] .numbers")?.textContent.replaceAll(/\D/g, "") ?? "0");
      return source === "more" ? shown > least : false;
    }, test);
  await shows(["more", 0]);
  const first = Number((await read().textContent()).replaceAll(/\D/g, ""));
  await shows(["more", first]);
  say("going on");
  await page.getByText("The connection to the server is broken").waitFor();
  say("broken");
  await ended(page);
  await page.getByText("The connection to the server is broken").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.querySelector("[data-count=read] .numbers").textContent.replaceAll(/\D/g, "") === "10000");
  return { counts: await counts(page), loads: await page.evaluate(() => window.loads ?? 0) };
});
