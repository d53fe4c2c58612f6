// Files that the server would not take: said before they are sent.
import { asked, choose, drive } from "./browser.mjs";

await drive(async (open) => {
  const page = await open();
  await page.goto(asked.url);
  const said = [];
  for (const [file, words] of [[asked.large, "larger than the server takes"], [asked.picture, "PDF document"]]) {
    await choose(page, file);
    const card = page.locator("section.card", { hasText: words });
    await card.waitFor();
    const send = card.getByRole("button", { name: /^Send/ });
    said.push({ text: await card.textContent(), button: await send.textContent(), isEnabled: await send.isEnabled() });
    await card.getByRole("button", { name: "Leave it" }).click();
  }
  return said;
});
