import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import { pageStyle } from "../pages/page-style.ts";

export const workbenchStyle = pageStyle("style.css", "inbox.css", "dev.css");

/** Asks now and then whether a template was saved. */
export const reloadScript = readFileSync(join(packageRoot(), "templates", "pages", "dev-reload.js"), "utf8");

const scriptHash = createHash("sha256").update(reloadScript).digest("base64");

const COMMON = {
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
};

/** The workbench's own pages: our style, our one script, frames and questions to ourselves. */
export const workbenchHeaders: Record<string, string> = {
  ...COMMON,
  "Content-Security-Policy": [
    "default-src 'none'",
    `style-src ${workbenchStyle.source}`,
    `script-src 'sha256-${scriptHash}'`,
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
};

/** What is shown: it may style itself, and neither runs, loads, sends nor leaves its frame. */
export const frameHeaders: Record<string, string> = {
  ...COMMON,
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox",
};
