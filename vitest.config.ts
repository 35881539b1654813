import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/check-every-answer.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    // Real servers and real processes: a busy machine may take its time.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
