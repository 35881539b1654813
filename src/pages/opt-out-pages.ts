import { Router, type RouterContext } from "@koa/router";
import type { Context } from "../context.ts";
import { readText, SMALL_BODY } from "../http/read-body.ts";
import type { RequestState } from "../http/request-scope.ts";
import { findLocale } from "../mail/locales.ts";
import { findOptOut, type OptOut } from "../suppressions/find-opt-out.ts";
import { optOut } from "../suppressions/opt-out.ts";
import { pageHeaders } from "./page-headers.ts";
import { renderPage } from "./render-page.ts";
import { requireOwnForm } from "./require-own-form.ts";
import { seeOther } from "./see-other.ts";

type Ctx = RouterContext<RequestState>;

/**
 * "Don't invite me again", the other link of a mail. Opening it changes nothing, however often and by whatever machine:
 * the page's button does, or the one a mail program shows (RFC 8058), which comes without a page and without a cookie.
 * The token stays in the address: a mail program posts to it, and it opens nothing but this. An email from before the
 * operator lifted an opt-out asks again by its page, whatever posts to it.
 */
export function optOutPages(context: Context): Router<RequestState> {
  const router = new Router<RequestState>();

  router.get("/u/:token", async (ctx) => {
    const token = ctx.params.token ?? "";
    const found = await findOptOut(context, token, ctx.ip);
    if (found.is_done) sendDone(ctx, found);
    else sendQuestion(ctx, found);
  });

  router.post("/u/:token", async (ctx) => {
    const token = ctx.params.token ?? "";
    const found = await findOptOut(context, token, ctx.ip);
    const form = await readForm(ctx);
    const oneClick = isOneClick(form);
    if (!oneClick) requireOwnForm(form.get("csrf") ?? null, context.linkKeys.formSecret(token));
    else if (found.was_lifted && !found.is_done) return sendQuestion(ctx, found, 409);
    const actor = { kind: "invitee", user_id: null, request_id: ctx.state.requestId } as const;
    await optOut(context, found, actor);
    // RFC 8058 §3.1: a mail program must not be redirected. A person who reloads must not be asked to send a form again.
    if (oneClick) sendDone(ctx, found);
    else seeOther(ctx, `/u/${token}`);
  });

  function sendQuestion(ctx: Ctx, found: OptOut, status = 200): void {
    const { product, email } = found;
    const token = ctx.params.token ?? "";
    const csrf = context.linkKeys.formSecret(token);
    ctx.status = status;
    send(ctx, renderPage("opt-out", { product, email, action: `/u/${token}`, csrf }, localeOf(found)));
  }

  return router;
}

/** RFC 8058 has mail programs send either type of form. What is no form has no fields. */
async function readForm(ctx: Ctx): Promise<Map<string, string>> {
  const type = ctx.get("Content-Type");
  const body = new Response(await readText(ctx.req, SMALL_BODY), { headers: { "Content-Type": type } });
  const form = await body.formData().catch(() => new FormData());
  return new Map([...form].map(([name, value]) => [name, typeof value === "string" ? value : ""]));
}

function isOneClick(form: Map<string, string>): boolean {
  return form.size === 1 && form.get("List-Unsubscribe") === "One-Click";
}

function sendDone(ctx: Ctx, found: OptOut): void {
  const { product, email } = found;
  send(ctx, renderPage("opted-out", { product, email }, localeOf(found)));
}

function localeOf({ locales }: OptOut): string {
  return findLocale(...locales).language;
}

function send(ctx: Ctx, html: string): void {
  ctx.set(pageHeaders);
  ctx.body = html;
}
