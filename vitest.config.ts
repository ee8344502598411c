import { defineConfig } from "vitest/config";

const results = process.env.PT2LINT_TEST_RESULTS;

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "rules/**/*.test.ts", "scripts/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // CI states the numbers of this file.
    reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
  },
});
