import { pageStyle } from "../pages/page-style.ts";

export const docsStyle = pageStyle("style.css", "docs.css");

/** The page runs and loads nothing; it may be kept, if asked for again before it is shown. */
export const docsHeaders: Record<string, string> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    `style-src ${docsStyle.source}`,
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
  "X-Content-Type-Options": "nosniff",
  "Content-Type": "text/html; charset=utf-8",
};
