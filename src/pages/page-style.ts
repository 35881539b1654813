import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";

export type PageStyle = { css: string; source: string };

/** Reads style sheets to put into a page, with the hash that lets its policy allow exactly this text. */
export function pageStyle(...files: string[]): PageStyle {
  const folder = join(packageRoot(), "templates", "pages");
  const css = files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
  return { css, source: `'sha256-${createHash("sha256").update(css).digest("base64")}'` };
}
