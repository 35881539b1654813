import { findLocale } from "../mail/locales.ts";
import { compilePage } from "../pages/compile-page.ts";
import { formatAge } from "./format-age.ts";
import { inboxPage, MAIL_SANDBOX } from "./inbox-headers.ts";
import type { InboxMessage } from "./inbox-messages.ts";

/** A tool for developers speaks English: its sentences stand in the templates. */
const english = findLocale("en");
const listPage = compilePage("inbox", "_inbox-layout", english, {});
const messagePage = compilePage("inbox-message", "_inbox-layout", english, {});
const missingPage = compilePage("inbox-missing", "_inbox-layout", english, {});

const fixed = { style: inboxPage.css, script: inboxPage.script };

const PREVIEW_LENGTH = 160;

export type View = "html" | "text" | "headers" | "source";

const VIEWS: [View, string][] = [
  ["html", "HTML"],
  ["text", "Text"],
  ["headers", "Headers"],
  ["source", "Source"],
];

/** The list asks for itself again every few seconds: by its script, or by a meta refresh where scripts are off. */
export function renderInbox(messages: InboxMessage[], count: number, now: Date): string {
  const rows = messages.map((message) => ({
    id: message.id,
    to: message.to,
    subject: message.subject || "(no subject)",
    preview: message.text.replace(/\s+/g, " ").trim().slice(0, PREVIEW_LENGTH),
    date: message.date,
    age: formatAge(new Date(message.date), now),
  }));
  const older = count > rows.length ? count - rows.length : null;
  return listPage({ title: "Inbox", ...fixed, refresh: 4, rows, older });
}

export function renderInboxMessage(message: InboxMessage, view: View, source: string): string {
  const { id, to, from, html, text, headers, date } = message;
  const subject = message.subject || "(no subject)";
  const views = VIEWS.filter(([name]) => name !== "html" || html !== null);
  return messagePage({
    title: subject,
    ...fixed,
    refresh: null,
    ...{ id, to, from, subject, text, headers, source, date },
    time: english.formatTime(new Date(date)),
    sandbox: MAIL_SANDBOX,
    tabs: views.map(([name, label]) => ({ name, label, current: name === view })),
    ...{ show_html: view === "html", show_text: view === "text" },
    ...{ show_headers: view === "headers", show_source: view === "source" },
  });
}

export function renderMissingMessage(): string {
  return missingPage({ title: "No such mail", ...fixed, refresh: null });
}
