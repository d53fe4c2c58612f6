// Pipelines: one inferred from a file, changed in the form and in the YAML, tried before it is kept, kept, removed.
import { asked, drive } from "./browser.mjs";

const state = (page, name) => page.locator(`[data-pipeline-state=${name}]`).waitFor();

await drive(async (open) => {
  const page = await open();
  const found = {};
  const yaml = page.getByLabel("The pipeline as YAML");
  await page.goto(asked.url);
  await page.getByRole("link", { name: "Pipelines" }).click();
  await page.locator("[data-pipeline=hospitals]").getByText("columns").waitFor();
  found.file = await page.locator("[data-pipeline=hospitals]").innerText();
  await page.getByRole("link", { name: "New pipeline" }).click();
  await page.getByTestId("files").setInputFiles(asked.file);
  await state(page, "good");
  found.inferred = await yaml.inputValue();
  await page.getByText("would be stored").waitFor();

  // The form changes the text ...
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("customers");
  await page.getByLabel("Type of joined").selectOption("date");
  await page.getByRole("button", { name: "More rules of joined" }).click();
  await page.getByLabel("Format").last().waitFor();
  await page.getByRole("textbox", { name: "Format" }).fill("any");
  await state(page, "good");
  await page.getByText("would be rejected").waitFor();
  found.tried = await page.getByRole("region", { name: "Tried on a file" }).getByRole("alert").innerText();
  found.changed = await yaml.inputValue();
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: `${asked.pictures}/web-pipeline.png`, animations: "disabled" });

  // ... and the text the form. What is wrong stands at its line, and at its field.
  const text = found.changed.replace("name: customers", "# Who buys.\nname: customers   # as the shop says");
  await yaml.fill(text);
  await state(page, "good");
  await yaml.fill(text.replace("type: date", "type: dat"));
  await state(page, "faulty");
  found.line = await page.locator(".yaml .lines [data-fault=true]").innerText();
  found.lineText = text.split("\n")[Number(found.line) - 1];
  found.said = await page.locator("#yaml-faults").innerText();
  found.atField = await page.locator("[data-column=joined]").innerText();
  found.mayCreate = await page.getByRole("button", { name: "Create the pipeline" }).isEnabled();
  // A YAML that is none is not sent to anybody; the form waits for it.
  await yaml.fill(`${text}zip: [`);
  await page.getByText("The YAML cannot be read as it is").waitFor();
  await yaml.fill(text);
  await page.getByLabel("Two rows are one when").selectOption("key");
  await state(page, "good");
  found.created = await yaml.inputValue();
  await page.getByRole("button", { name: "Create the pipeline" }).click();
  await page.getByRole("heading", { name: "customers" }).waitFor();
  found.at = page.url();

  // Changed by somebody else in the meantime.
  await state(page, "good");
  await page.getByRole("button", { name: "Add a column" }).click();
  await state(page, "good");
  await page.evaluate(async () => {
    const text = await (await fetch("/v1/pipelines/customers", { headers: { Accept: "application/yaml" } })).text();
    await fetch("/v1/pipelines/customers", { method: "PUT", body: `${text}# theirs\n`, headers: { "Content-Type": "application/yaml" } });
  });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Somebody else changed it meanwhile").waitFor();
  // Leaving asks.
  await page.getByRole("link", { name: "Jobs", exact: true }).click();
  await page.getByRole("button", { name: "Leave, and lose it" }).click();
  await page.getByText("Each file that was sent is a job").waitFor();
  await page.getByRole("link", { name: "Pipelines" }).click();
  await page.locator("[data-pipeline=customers]").getByText("rows known by").waitFor();
  await page.locator("[data-pipeline=customers]").getByText("none yet").waitFor();
  found.listed = await page.locator("[data-pipeline=customers]").innerText();
  await page.getByRole("link", { name: "customers" }).click();
  await page.getByLabel("Two rows are one when").selectOption("position");
  await state(page, "good");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("button", { name: "Save", exact: true }).waitFor({ state: "detached" });
  found.kept = await yaml.inputValue();

  // A file of the server's folder is read, and copied.
  await page.goto(`${asked.url}/pipelines/hospitals`);
  await page.getByText("It is changed where the server runs").waitFor();
  found.isReadOnly = await yaml.evaluate((element) => element.readOnly);
  await page.getByRole("link", { name: "Copy" }).click();
  await state(page, "good");
  await page.getByRole("button", { name: "Create the pipeline" }).click();
  await page.getByRole("heading", { name: "hospitals-copy" }).waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete it" }).click();
  await page.locator("[data-pipeline=customers]").waitFor();
  found.left = await page.locator("[data-pipeline]").count();
  found.complaints = page.complaints.filter((text) => !/40[49]|412|422/.test(text));
  return found;
});
