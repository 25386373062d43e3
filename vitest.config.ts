import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: "naru", include: ["src/**/*.test.ts", "test/**/*.test.ts"], exclude: ["test/browser/**"] },
      },
      // What needs more than Node: Chromium.
      { extends: true, test: { name: "browser", include: ["test/browser/**/*.test.ts"] } },
    ],
    globalSetup: ["test/support/postgres.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Tests wait more than they work.
    maxWorkers: 3,
  },
});
