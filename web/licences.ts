// A part of the build: the licences of every package whose code gets into the page, as one of its files. They ask for it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

// "…/node_modules/@mantine/core/esm/x.mjs" → "…/node_modules/@mantine/core"
function packageOf(file: string): string | undefined {
  let folder = dirname(file);
  while (folder.includes("node_modules")) {
    const described = join(folder, "package.json");
    if (existsSync(described) && "version" in JSON.parse(readFileSync(described, "utf8"))) return folder;
    folder = dirname(folder);
  }
  return undefined;
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? `Licence: ${license}` : readFileSync(join(folder, file), "utf8").trim();
  return `${name} ${version}\n\n${text}\n`;
}

export function licences(): Plugin {
  return {
    name: "licences",
    generateBundle(_, bundle) {
      const folders = new Set<string>();
      for (const chunk of Object.values(bundle)) {
        for (const file of chunk.type === "chunk" ? chunk.moduleIds : []) {
          const folder = packageOf(file.replace(/^\0/, "").replace(/\?.*$/, ""));
          if (folder !== undefined) folders.add(folder);
        }
      }
      const texts = [...folders].sort().map(licenceOf);
      const source = `The web page of Sluice contains code of these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
      this.emitFile({ type: "asset", fileName: "assets/licences.txt", source });
    },
  };
}
