import { TOOL_HEADERS, toolPage } from "./tool-page.ts";

/** Its script keeps the list up to date without taking the focus away, and shows times by the reader's clock. */
export const inboxPage = toolPage("inbox-refresh.js", "style.css", "inbox.css");

/** A link in an email opens a page of its own; a script in an email never runs. */
export const MAIL_SANDBOX =
  "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

/** An email is somebody else's HTML: it may style itself and show images it carries, and load nothing. */
export const mailHeaders: Record<string, string> = {
  ...TOOL_HEADERS,
  "Content-Security-Policy": `default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox ${MAIL_SANDBOX}`,
};
