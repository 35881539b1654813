import { pageStyle } from "./page-style.ts";

export const recipientStyle = pageStyle("style.css");

/** What every recipient page is sent with: it runs and loads nothing, is never framed, stored or told to others. */
export const pageHeaders: Record<string, string> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    `style-src ${recipientStyle.source}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Content-Type": "text/html; charset=utf-8",
};
