import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import { pageStyle } from "../pages/compile-page.ts";

/** The headers of every page of the inbox and the previews. */
export const TOOL_HEADERS = {
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
};

/**
 * Reads the style and the script of a tool's pages. The pages may call this service and frame its pages, nothing else.
 * @param script a file in `templates/pages`, like the styles.
 */
export function toolPage(script: string, ...styles: string[]) {
  const style = pageStyle(...styles);
  const text = readFileSync(join(packageRoot(), "templates", "pages", script), "utf8");
  const policy = [
    "default-src 'none'",
    `style-src ${style.source}`,
    `script-src 'sha256-${createHash("sha256").update(text).digest("base64")}'`,
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    css: style.css,
    script: text,
    headers: { ...TOOL_HEADERS, "Content-Security-Policy": policy.join("; ") },
  };
}
