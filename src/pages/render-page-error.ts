import { STATUS_CODES } from "node:http";
import type { Context as KoaContext } from "koa";
import type { Refusal } from "../errors.ts";
import { locales } from "../mail/locales.ts";
import { pageHeaders } from "./page-headers.ts";
import { renderPage } from "./render-page.ts";

/** Of an invitation there is none: a link that is wrong tells no language, so the browser's is taken. */
function preferredLanguage(ctx: KoaContext): string {
  return ctx.acceptsLanguages(["en", ...locales.keys()]) || "en";
}

/** A refusal as a page. Every 404 looks the same: a link that is none, and one that is no more. */
export function renderPageError(ctx: KoaContext, refusal: Refusal, requestId: string): void {
  ctx.set(pageHeaders);
  const title = STATUS_CODES[refusal.status] ?? "Error";
  ctx.body =
    refusal.status === 404
      ? renderPage("not-found", {}, preferredLanguage(ctx))
      : renderPage("wrong", { title, sentence: refusal.message, request_id: requestId });
}
