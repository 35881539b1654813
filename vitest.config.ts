import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/check-every-answer.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    // Loading what a file needs takes longer than running it: files of a process share what is loaded.
    isolate: false,
    // Real servers and real processes: a busy machine may take its time.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
