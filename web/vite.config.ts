/// <reference types="vitest/config" />
import { realpathSync } from "node:fs";
import { defineConfig } from "vite";
import { licences } from "./licences";

// Where `npm run dev` finds the API: a server that listens without keys, or one whose key the page is given.
const server = process.env.SLUICE_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  // JSX by esbuild: of the React plugin only its hot reload would be missed, and it brings a compiler of its own.
  esbuild: { jsx: "automatic" },
  plugins: [licences()],
  build: {
    target: "es2022",
    manifest: true, // tools/build_web.py measures the first load by it
    assetsInlineLimit: 0, // the Content-Security-Policy allows files, and a file is kept by the browser
    modulePreload: { polyfill: false }, // an inline script
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/upload", "/states", "/docs", "/openapi.json", "/metrics", "/healthz", "/readyz"].map((path) => [
        path,
        { target: server, ws: true },
      ]),
    ),
    fs: { allow: [".", realpathSync("node_modules")] }, // a link to where packages are kept
  },
  test: { include: ["src/**/*.test.ts"], environment: "node", reporters: ["default"] },
});
