import type { Context as KoaContext } from "koa";
import type { Refusal } from "../errors.ts";
import { pageHeaders } from "./page-headers.ts";
import { preferredLanguage } from "./preferred-language.ts";
import { renderPage } from "./render-page.ts";

const LINK = /^\/(?:i|u|invitations)\//i;

/** A refusal as a page. The page of a link that is none of ours is the same for all of them. */
export function renderPageError(ctx: KoaContext, refusal: Refusal, requestId: string): void {
  ctx.set(pageHeaders);
  ctx.body =
    refusal.status === 404
      ? renderPage(LINK.test(ctx.path) ? "not-found" : "no-page", {}, preferredLanguage(ctx))
      : renderPage("wrong", { sentence: refusal.message, request_id: requestId });
}
