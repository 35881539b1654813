import { describe } from "vitest";
import { chromiumPath } from "./chromium.ts";

/**
 * Groups tests that need a browser. They are skipped if there is none.
 * @throws without a browser if REQUIRE_BROWSER is set, as in CI, where nothing may be skipped.
 */
export function describeInBrowser(name: string, tests: () => void): void {
  if (chromiumPath === undefined && process.env.REQUIRE_BROWSER)
    throw new Error("REQUIRE_BROWSER is set, but there is no chromium to start");
  const reason = chromiumPath === undefined ? " (skipped: no chromium on this machine)" : "";
  describe.skipIf(chromiumPath === undefined)(name + reason, tests);
}
