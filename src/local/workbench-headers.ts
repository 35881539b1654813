import { TOOL_HEADERS, toolPage } from "./tool-page.ts";

/** Its script asks now and then whether a template was saved. */
export const workbenchPage = toolPage("dev-reload.js", "style.css", "inbox.css", "dev.css");

/** A frame shows a specimen: it may style itself, and neither runs, loads, sends nor leaves its frame. */
export const frameHeaders: Record<string, string> = {
  ...TOOL_HEADERS,
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox",
};
