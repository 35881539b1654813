import { cpSync, mkdtempSync } from "node:fs";
import { join, resolve } from "node:path";
import { inject } from "vitest";

const root = mkdtempSync(join(inject("scratch"), "templates-"));
cpSync(resolve(import.meta.dirname, "../../templates"), join(root, "templates"), { recursive: true });

/** In place of ours, for tests that save templates: `vi.mock("…/package-root.ts", () => import("…/own-templates.ts"))`. */
export function packageRoot(): string {
  return root;
}
