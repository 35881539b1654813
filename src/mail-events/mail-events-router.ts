import { Router, type RouterContext } from "@koa/router";
import type { Context as KoaContext } from "koa";
import type { Context } from "../context.ts";
import { Refusal, unavailable } from "../errors.ts";
import { SYSTEM } from "../events/record-events.ts";
import { announcedLength, readText, SMALL_BODY } from "../http/read-body.ts";
import type { RequestState } from "../http/request-scope.ts";
import { createByteBudget } from "../lib/byte-budget.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";
import { webhookHeadersProblem, webhookKey, webhookProblem } from "../lib/webhook-signature.ts";
import { readMailEvents } from "./read-mail-events.ts";
import { recordMailEvents } from "./record-mail-events.ts";

/** The most bytes of a request: a thousand events, each as long as a bounce. */
export const MAIL_EVENTS_LIMIT = 1024 * 1024;

/** Limits the bytes held at once before their signature is checked, in total and per address. */
const unprovenBodies = createByteBudget({ most: 16 * MAIL_EVENTS_LIMIT, each: 8 * MAIL_EVENTS_LIMIT });

/**
 * Serves `POST /mail-events`, where the team's own adapter reports what its mail provider says about emails that
 * left. Requests are signed with MAIL_EVENTS_SECRET. Without that variable the path doesn't exist. The signature
 * replaces environment and credentials, and bodies are plain JSON.
 */
export function mailEventsRouter(context: Context): Router<RequestState> {
  const { MAIL_EVENTS_SECRET } = context.settings;
  const router = new Router<RequestState>();
  if (MAIL_EVENTS_SECRET === undefined) return router;
  const key = webhookKey(MAIL_EVENTS_SECRET);
  const warn = createRareWarnings(context.log);

  router.post("/mail-events", async (ctx) => {
    // Reads nothing if the headers are wrong, and nothing long from an address that was wrong too often.
    requireSigned(ctx, webhookHeadersProblem(ctx.headers, new Date()));
    const length = Math.min(announcedLength(ctx.req), MAIL_EVENTS_LIMIT);
    if (length > SMALL_BODY) context.limiter.refuseUsedUp("wrong_secret", ctx.ip);
    const counts = unprovenBodies(ctx.ip, length, async () => {
      const text = await readText(ctx.req, MAIL_EVENTS_LIMIT);
      requireSigned(ctx, webhookProblem(key, ctx.headers, text, new Date()));
      const actor = { ...SYSTEM, request_id: ctx.state.requestId };
      return recordMailEvents(context, readMailEvents(text), actor, warn);
    });
    if (counts === undefined)
      throw unavailable(new Error("unverified reports take up all the memory they may"));
    ctx.body = await counts;
    ctx.status = 202;
  });

  function requireSigned(ctx: RouterContext<RequestState>, problem: string | undefined): void {
    if (problem === undefined) return;
    context.limiter.count("wrong_secret", ctx.ip);
    throw new Refusal(401, [{ code: "invalid_signature", detail: problem }]);
  }

  return router;
}

export function isMailEvents(path: string): boolean {
  return /^\/mail-events(\/|$)/i.test(path);
}

/** Renders a refusal as plain JSON: `{error, code, request_id}`. */
export function renderMailEventsError(ctx: KoaContext, refusal: Refusal, request_id: string): void {
  ctx.type = "application/json";
  ctx.body = JSON.stringify({ error: refusal.message, code: refusal.code, request_id });
}
