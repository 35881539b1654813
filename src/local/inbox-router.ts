import { Router, type RouterContext } from "@koa/router";
import { findLocale } from "../mail/locales.ts";
import { compilePage } from "../pages/compile-page.ts";
import { type InboxMessage, inboxStore } from "./inbox-store.ts";
import { TOOL_HEADERS, toolPage } from "./tool-page.ts";

const ON_PAGE = 100;
const IN_JSON = 500;

/** Shows the emails that the SMTP server of `startInbox` keeps in this directory. Development only. */
export function inboxRouter({ directory }: { directory: string }): Router {
  const store = inboxStore(directory);
  const router = new Router({ prefix: "/inbox" });

  router.get("/", async (ctx) => {
    ctx.set(inboxPage.headers);
    ctx.vary("Accept");
    if (ctx.accepts("html", "json") === "json") {
      ctx.body = (await store.list(IN_JSON)).map(({ headers: _, ...message }) => message);
      return;
    }
    const [newest, count] = await Promise.all([store.list(ON_PAGE), store.count()]);
    sendHtml(ctx, renderInbox(newest, count, new Date()));
  });

  router.get("/:id", async (ctx) => {
    const message = await find(ctx);
    if (!message) return;
    const view = chooseView(ctx.query.view, message);
    const source = view === "source" ? String(await store.readSource(message.id)) : "";
    sendHtml(ctx, renderMessage(message, view, source));
  });

  router.get("/:id/html", async (ctx) => {
    const message = await find(ctx);
    if (message?.html == null) return;
    ctx.set(mailHeaders);
    sendHtml(ctx, openLinksOutside(message.html));
  });

  router.get("/:id/source", async (ctx) => {
    const message = await find(ctx);
    if (!message) return;
    ctx.attachment(`${message.id}.eml`);
    ctx.type = "message/rfc822";
    ctx.body = await store.readSource(message.id);
  });

  async function find(ctx: RouterContext): Promise<InboxMessage | null> {
    ctx.set(inboxPage.headers);
    const message = await store.read(String(ctx.params.id));
    if (!message) {
      sendHtml(ctx, missingPage({ title: "Email not found", ...fixed, refresh: null }));
      ctx.status = 404;
    }
    return message;
  }

  return router;
}

function chooseView(asked: unknown, { html }: InboxMessage): View {
  if (asked === "text" || asked === "headers" || asked === "source") return asked;
  return html === null ? "text" : "html";
}

/** Makes links open a new page, because our own pages refuse to be shown in a frame. */
export function openLinksOutside(html: string): string {
  const base = '<base target="_blank">';
  const withBase = html.replace(/<head(?:\s[^<>]*)?>/i, (head) => head + base);
  return withBase === html ? base + html : withBase;
}

function sendHtml(ctx: RouterContext, html: string): void {
  ctx.type = "text/html; charset=utf-8";
  ctx.body = html;
}

/** The inbox's page. Its script refreshes the list without moving the focus, and shows times in the reader's time zone. */
export const inboxPage = toolPage("inbox-refresh.js", "style.css", "inbox.css");

/** Links in an email open a new page. Scripts in an email never run. */
const MAIL_SANDBOX = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

/** The headers of an email, which is somebody else's HTML. It may use its own styles and embedded images, but load nothing. */
export const mailHeaders: Record<string, string> = {
  ...TOOL_HEADERS,
  "Content-Security-Policy": `default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox ${MAIL_SANDBOX}`,
};

// The texts are in the templates, in English only: this is a tool for developers.
const english = findLocale("en");
const listPage = compilePage("inbox", "_inbox-layout", english, {});
const messagePage = compilePage("inbox-message", "_inbox-layout", english, {});
const missingPage = compilePage("inbox-missing", "_inbox-layout", english, {});

const fixed = { style: inboxPage.css, script: inboxPage.script };

const PREVIEW_LENGTH = 160;

type View = "html" | "text" | "headers" | "source";

const VIEWS: [View, string][] = [
  ["html", "HTML"],
  ["text", "Text"],
  ["headers", "Headers"],
  ["source", "Source"],
];

/** Renders the list, which refreshes itself every few seconds: by its script, or by a meta tag if scripts are off. */
function renderInbox(messages: InboxMessage[], count: number, now: Date): string {
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

function renderMessage(message: InboxMessage, view: View, source: string): string {
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

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** Returns how long ago, in the largest unit that fits: "3 minutes ago". */
function formatAge(date: Date, now: Date): string {
  const seconds = (now.getTime() - date.getTime()) / 1000;
  if (seconds >= 86_400) return relative.format(-Math.floor(seconds / 86_400), "day");
  if (seconds >= 3_600) return relative.format(-Math.floor(seconds / 3_600), "hour");
  return seconds >= 60 ? relative.format(-Math.floor(seconds / 60), "minute") : "just now";
}
