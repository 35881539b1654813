import type { Context as KoaContext } from "koa";
import type { Refusal } from "../errors.ts";
import { locales } from "../mail/locales.ts";
import { recipientStyle, renderPage } from "./render-page.ts";

/** The headers of every recipient page: it runs and loads nothing, and is never framed, stored or leaked as a referrer. */
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

export function sendPage(ctx: KoaContext, status: number, html: string): void {
  ctx.status = status;
  ctx.set(pageHeaders);
  ctx.body = html;
}

/**
 * Redirects to another page of ours. After a form, the browser then doesn't ask on reload whether to send it again.
 * @param path made only of ids and verified tokens.
 */
export function seeOther(ctx: KoaContext, path: string): void {
  ctx.set(pageHeaders);
  ctx.set("Location", path);
  ctx.body = null;
  ctx.status = 303;
}

/** Returns the browser's language, for pages without an invitation. */
export function preferredLanguage(ctx: KoaContext): string {
  return ctx.acceptsLanguages(["en", ...locales.keys()]) || "en";
}

const LINK = /^\/(?:i|u|invitations)\//i;

/** Renders a refusal as a page. Every invalid link gets the same page. */
export function renderPageError(ctx: KoaContext, refusal: Refusal, requestId: string): void {
  ctx.set(pageHeaders);
  ctx.body =
    refusal.status === 404
      ? renderPage(LINK.test(ctx.path) ? "not-found" : "no-page", {}, preferredLanguage(ctx))
      : renderPage("wrong", { sentence: refusal.message, request_id: requestId });
}
