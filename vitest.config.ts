import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Starts the long files first, so that no processor idles while the last one runs. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification) => /\.slow\.test\.ts$|\/browser\//.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/check-every-answer.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    // Loading what a file needs takes longer than running it: files of a process share what is loaded, and one service.
    isolate: false,
    // Many tests wait: for a process to start, for a silent server, for the next attempt.
    maxWorkers: 2 * availableParallelism(),
    sequence: { sequencer: SlowFirst },
    // Real servers and real processes: a busy machine may take its time.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
