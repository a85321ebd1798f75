// Builds the two pages the binary embeds: dist/capture.html, dist/demo.html and dist/assets/.
// Nothing is inlined, so that the strict content security policy of the server holds.
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  appType: "mpa",
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { capture: "capture.html", demo: "demo.html" } },
  },
  test: { include: ["capture/src/**/*.test.ts", "demo/src/**/*.test.ts"], environment: "node" },
});

export default config;
