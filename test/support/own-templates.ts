import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = mkdtempSync(join(tmpdir(), "guildhall-templates-"));
cpSync(resolve(import.meta.dirname, "../../templates"), join(root, "templates"), { recursive: true });
process.once("exit", () => rmSync(root, { recursive: true, force: true }));

/** In place of ours, for tests that save templates: `vi.mock("…/package-root.ts", () => import("…/own-templates.ts"))`. */
export function packageRoot(): string {
  return root;
}
