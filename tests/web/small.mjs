// What the first load costs, and whether it stays in its place.
import { asked, choose, drive } from "./browser.mjs";

async function bytesOf(page, visit) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await visit();
  await session.detach();
  return bytes;
}

await drive(async (open) => {
  const page = await open();
  await page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  const visit = async () => {
    await page.goto(asked.url);
    await page.getByText("What happens then").waitFor();
  };
  const bytes = await bytesOf(page, visit);
  const interactive = await page.evaluate(() => performance.now());
  const again = await bytesOf(page, visit);
  await choose(page, asked.file);
  await page.getByText("would be rejected").waitFor();
  return { bytes, again, interactive, shift: await page.evaluate(() => window.shift) };
});
