import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import { pageStyle } from "./page-style.ts";

export const inboxStyle = pageStyle("style.css", "inbox.css");

/** Keeps the list up to date without taking the focus away, and shows times by the reader's clock. */
export const inboxScript = readFileSync(
  join(packageRoot(), "templates", "pages", "inbox-refresh.js"),
  "utf8",
);

const scriptHash = createHash("sha256").update(inboxScript).digest("base64");

/** A link in a mail opens a page of its own; a script in a mail never runs. */
export const MAIL_SANDBOX =
  "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

const COMMON = {
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
};

/** The inbox's own pages: our style, our one script, questions to ourselves, and frames that show a mail. */
export const inboxHeaders: Record<string, string> = {
  ...COMMON,
  "Content-Security-Policy": [
    "default-src 'none'",
    `style-src ${inboxStyle.source}`,
    `script-src 'sha256-${scriptHash}'`,
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
};

/** A mail is somebody else's HTML: it may style itself and show images it carries, and load nothing. */
export const mailHeaders: Record<string, string> = {
  ...COMMON,
  "Content-Security-Policy": `default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox ${MAIL_SANDBOX}`,
};
