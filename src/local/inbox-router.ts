import { Router, type RouterContext } from "@koa/router";
import { inboxPage, mailHeaders } from "./inbox-headers.ts";
import { type InboxMessage, inboxMessages } from "./inbox-messages.ts";
import { renderInbox, renderInboxMessage, renderMissingMessage, type View } from "./inbox-views.ts";

const ON_PAGE = 100;
const IN_JSON = 500;

/** The built-in inbox, development only: what the SMTP server of `startInbox` has put into the directory. */
export function inboxRouter({ directory }: { directory: string }): Router {
  const messages = inboxMessages(directory);
  const router = new Router({ prefix: "/inbox" });

  router.get("/", async (ctx) => {
    ctx.set(inboxPage.headers);
    ctx.vary("Accept");
    if (ctx.accepts("html", "json") === "json") {
      ctx.body = (await messages.list(IN_JSON)).map(({ headers: _, ...message }) => message);
      return;
    }
    const [newest, count] = await Promise.all([messages.list(ON_PAGE), messages.count()]);
    sendHtml(ctx, renderInbox(newest, count, new Date()));
  });

  router.get("/:id", async (ctx) => {
    const message = await find(ctx);
    if (!message) return;
    const view = chooseView(ctx.query.view, message);
    const source = view === "source" ? String(await messages.readSource(message.id)) : "";
    sendHtml(ctx, renderInboxMessage(message, view, source));
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
    ctx.body = await messages.readSource(message.id);
  });

  async function find(ctx: RouterContext): Promise<InboxMessage | null> {
    ctx.set(inboxPage.headers);
    const message = await messages.read(String(ctx.params.id));
    if (!message) {
      sendHtml(ctx, renderMissingMessage());
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

/** A link in a mail would open inside the frame, where our pages refuse to be shown. */
export function openLinksOutside(html: string): string {
  const base = '<base target="_blank">';
  const withBase = html.replace(/<head(?:\s[^<>]*)?>/i, (head) => head + base);
  return withBase === html ? base + html : withBase;
}

function sendHtml(ctx: RouterContext, html: string): void {
  ctx.type = "text/html; charset=utf-8";
  ctx.body = html;
}
