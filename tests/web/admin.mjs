// Keys and the audit log: made, used, revoked; what was done is there to be read, by whom and what.
import { asked, drive } from "./browser.mjs";

const signIn = async (page, key) => {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
};

async function make(page, name, role) {
  await page.getByRole("button", { name: "New key" }).click();
  const dialogue = page.getByRole("dialog");
  await dialogue.getByRole("button", { name: "Make the key" }).click();
  await dialogue.getByText("Say what it is for").waitFor();
  await dialogue.getByLabel("Name").fill(name);
  await dialogue.getByLabel("Role").selectOption(role);
  await dialogue.getByRole("button", { name: "Make the key" }).click();
  await dialogue.getByText("It is shown now and never again").waitFor();
  return dialogue;
}

await drive(async (open, browser) => {
  await browser.grantPermissions(["clipboard-read", "clipboard-write"], { origin: asked.url });
  const page = await open();
  const found = {};
  await page.goto(`${asked.url}/keys`);
  await page.getByText("This server asks nobody who they are").waitFor();
  const first = await make(page, "my own", "admin");
  await first.getByRole("button", { name: "Copy it" }).click();
  await first.getByRole("button", { name: "Copied" }).waitFor();
  found.first = await page.evaluate(() => navigator.clipboard.readText());
  await first.getByRole("button", { name: "Sign in with it" }).click();
  await page.locator('[data-key="my own"]').getByText("yours").waitFor();

  const second = await make(page, "night export", "viewer");
  found.second = await second.getByLabel("Key", { exact: true }).inputValue();
  await second.getByRole("button", { name: "I have it" }).click();
  found.shown = await page.locator('[data-key="night export"]').innerText();
  found.secretLeft = (await page.content()).includes(found.second);

  // Somebody with that key sees nothing of keys and log, whatever address they type.
  const other = await open();
  await other.goto(`${asked.url}/sign-in`);
  await signIn(other, found.second);
  await other.getByRole("heading", { name: "Upload a file" }).waitFor();
  found.offered = await other.getByRole("navigation", { name: "Pages" }).getByRole("link").allInnerTexts();
  await other.goto(`${asked.url}/keys`);
  await other.getByText("Keys are for admins").waitFor();
  await other.goto(`${asked.url}/audit`);
  await other.getByText("The audit log is for admins").waitFor();
  await other.goto(`${asked.url}/pipelines`);
  await other.getByRole("link", { name: "hospitals" }).waitFor();
  found.mayMakePipelines = await other.getByRole("link", { name: "New pipeline" }).count();

  await page.getByRole("button", { name: "Revoke night export" }).click();
  await page.getByRole("button", { name: "Revoke it" }).click();
  await page.locator('[data-key="night export"]').waitFor({ state: "detached" });
  await page.getByRole("switch", { name: "Show those that were revoked" }).click({ force: true });
  found.revoked = await page.locator('[data-key="night export"]').innerText();
  // What the server knows of a key it believes for two seconds.
  await page.waitForFunction(async (key) => (await fetch("/v1/me", { headers: { Authorization: `Bearer ${key}` } })).status === 401, found.second);
  await other.goto(`${asked.url}/jobs`);
  await other.getByLabel("API key").waitFor();

  await page.getByRole("link", { name: "Audit log" }).click();
  await page.locator("[data-action]").first().waitFor();
  found.log = await page.locator("[data-action]").evaluateAll((all) => all.map((row) => row.dataset.action));
  found.newest = await page.locator("[data-action]").first().innerText();
  await page.getByRole("combobox", { name: "Did what" }).click();
  await page.getByRole("option", { name: "made a key" }).click();
  await page.locator('[data-action="key.revoke"]').waitFor({ state: "detached" });
  found.filtered = await page.locator("[data-action]").evaluateAll((all) => all.map((row) => row.dataset.action));
  await page.goto(`${asked.url}/audit?actor=anonymous`);
  await page.locator("[data-action]").first().waitFor();
  found.byNobody = await page.locator("[data-action]").count();
  await page.goto(`${asked.url}/audit`);
  await page.getByRole("button", { name: "Older" }).click();
  await page.getByRole("button", { name: "Newer" }).waitFor();
  await page.getByRole("button", { name: "Older" }).waitFor({ state: "detached" });
  found.older = await page.locator("[data-action]").count();
  found.complaints = page.complaints.filter((text) => !text.includes("401"));
  return found;
});
