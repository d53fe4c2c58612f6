// Signing in and out; what each role is offered.
import { asked, drive } from "./browser.mjs";

const signIn = async (page, key) => {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
};

async function offered(page) {
  const may = [];
  await page.goto(asked.url);
  await page.getByRole("heading", { name: "Upload a file" }).waitFor();
  if ((await page.getByTestId("files").count()) > 0) may.push("send");
  await page.goto(`${asked.url}/jobs/${asked.job}`);
  await page.getByText("Pieces and workers").waitFor();
  if ((await page.getByRole("link", { name: "Look and correct" }).count()) > 0) may.push("correct");
  const remove = page.getByRole("button", { name: "Delete" });
  if ((await remove.count()) > 0) {
    may.push("delete");
    await remove.click();
    await page.getByRole("dialog").waitFor();
    if ((await page.getByLabel("Remove the rows that it stored, too").count()) > 0) may.push("delete rows");
    await page.getByRole("button", { name: "No, leave it" }).click();
  }
  await page.goto(`${asked.url}/queue`);
  await page.locator("[data-queue]").waitFor();
  if ((await page.getByRole("link", { name: "Data", exact: true }).count()) > 0) may.push("data");
  if ((await page.getByRole("button", { name: "Pause" }).count()) > 0) may.push("pause");
  if ((await page.getByRole("button", { name: "New schedule" }).count()) > 0) may.push("schedules");
  return may;
}

await drive(async (open) => {
  const page = await open();
  await page.goto(`${asked.url}/jobs/${asked.job}`);
  await page.getByLabel("API key").waitFor();
  const found = { asked: page.url(), may: {} };
  await signIn(page, "slc_no-such-key");
  const wrong = page.getByText("The server does not know this key");
  await wrong.waitFor();
  found.wrong = await wrong.textContent();
  for (const [role, key] of Object.entries(asked.keys)) {
    await signIn(page, key);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    found.back ??= page.url();
    found.may[role] = await offered(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("API key").waitFor();
  }
  found.out = page.url();
  found.kept = await page.evaluate(() => [...Object.values(window.localStorage), ...Object.values(window.sessionStorage)].filter((text) => text.includes("slc_")).length);
  return found;
});
