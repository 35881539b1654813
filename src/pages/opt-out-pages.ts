import { Router, type RouterContext } from "@koa/router";
import type { Context } from "../context.ts";
import { readText, SMALL_BODY } from "../http/read-body.ts";
import type { RequestState } from "../http/request-scope.ts";
import { findLocale } from "../mail/locales.ts";
import { findOptOut, type OptOut } from "../suppressions/find-opt-out.ts";
import { optOut } from "../suppressions/opt-out.ts";
import { requireOwnForm } from "./link-cookie.ts";
import { renderPage } from "./render-page.ts";
import { seeOther, sendPage } from "./send-page.ts";

type Ctx = RouterContext<RequestState>;

/**
 * Serves the pages behind "Don't invite me again" in an email. Opening the link changes nothing, because machines
 * open links, too. The page's button opts out, or the button of a mail program (RFC 8058), which uses neither page
 * nor cookie. The token stays in the address, because mail programs post to it and it opens nothing else. After the
 * operator has lifted an opt-out, an earlier email always asks again on its page.
 */
export function optOutPages(context: Context): Router<RequestState> {
  const router = new Router<RequestState>();

  router.get("/u/:token", async (ctx) => {
    const { token = "" } = ctx.params;
    const found = await findOptOut(context, token, ctx.ip);
    if (found.is_done) sendDone(ctx, found);
    else sendQuestion(ctx, found);
  });

  router.post("/u/:token", async (ctx) => {
    const { token = "" } = ctx.params;
    const found = await findOptOut(context, token, ctx.ip);
    const form = await readForm(ctx);
    const oneClick = isOneClick(form);
    if (!oneClick) requireOwnForm(form.get("csrf") ?? null, context.linkKeys.formSecret(token));
    else if (found.was_lifted && !found.is_done) return sendQuestion(ctx, found, 409);
    const actor = { kind: "invitee", user_id: null, request_id: ctx.state.requestId } as const;
    await optOut(context, found, actor);
    // RFC 8058 §3.1 forbids redirecting a mail program. A person who reloads must not be asked to resend a form.
    if (oneClick) sendDone(ctx, found);
    else seeOther(ctx, `/u/${token}`);
  });

  function sendQuestion(ctx: Ctx, found: OptOut, status = 200): void {
    const { product, email } = found;
    const { token = "" } = ctx.params;
    const csrf = context.linkKeys.formSecret(token);
    const question = { product, email, action: `/u/${token}`, csrf };
    sendPage(ctx, status, renderPage("opt-out", question, localeOf(found)));
  }

  return router;
}

/** Reads a form of either type, because RFC 8058 allows both. Anything else counts as a form without fields. */
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
  sendPage(ctx, 200, renderPage("opted-out", { product, email }, localeOf(found)));
}

function localeOf({ locales }: OptOut): string {
  return findLocale(...locales).language;
}
