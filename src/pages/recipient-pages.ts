import { Router, type RouterContext } from "@koa/router";
import type { Context } from "../context.ts";
import { notFound, Refusal } from "../errors.ts";
import { parseMediaType } from "../http/negotiate.ts";
import { readText, SMALL_BODY } from "../http/read-body.ts";
import type { RequestState } from "../http/request-scope.ts";
import { acceptInvitation } from "../invitations/accept-invitation.ts";
import { closedState } from "../invitations/closed-invitation.ts";
import { declineInvitation } from "../invitations/decline-invitation.ts";
import { findInvitationDetails, type InvitationDetails } from "../invitations/find-invitation-details.ts";
import { proveByLink } from "../invitations/prove-by-link.ts";
import type { Proof } from "../models/invitation.ts";
import { readLinkCookie, setLinkCookie } from "./link-cookie.ts";
import { pageHeaders } from "./page-headers.ts";
import { requireOwnForm } from "./require-own-form.ts";
import { seeOther } from "./see-other.ts";
import { type ShownPage, showPage } from "./show-page.ts";

type Ctx = RouterContext<RequestState>;
const VERBS = { accept: acceptInvitation, decline: declineInvitation };

/**
 * What a person sees who follows the link of a mail. Opening it changes nothing, however often and by whatever
 * machine: only the page's own buttons answer. Without JavaScript.
 */
export function recipientPages(context: Context): Router<RequestState> {
  const secure = context.settings.PUBLIC_URL.startsWith("https:");
  const router = new Router<RequestState>();

  /** The link of the mail: swaps the token for a cookie and a clean address. */
  router.get("/i/:token", (ctx) => {
    const token = ctx.params.token ?? "";
    const id = context.linkKeys.verify(token)?.invitationId ?? "";
    proveByLink(context, id, token, ctx.ip);
    setLinkCookie(ctx, id, token, secure);
    // The mail's two links lead to one page: machines follow both, so neither may answer.
    seeOther(ctx, `/invitations/${id}${ctx.query.answer === "decline" ? "#decline" : ""}`);
  });

  router.get("/invitations/:id", async (ctx) => {
    const id = ctx.params.id ?? "";
    const token = readLinkCookie(ctx, id, secure) ?? "";
    const proof = proveByLink(context, id, token, ctx.ip);
    const details = await findDetails(id);
    send(ctx, showPage(details, closedState(details, proof), context.linkKeys.formSecret(token)));
  });

  for (const answer of ["accept", "decline"] as const) {
    router.post(`/invitations/:id/${answer}`, async (ctx, next) => {
      // The same address also takes JSON:API: see the Management API.
      if (parseMediaType(ctx.get("Content-Type")).type !== "application/x-www-form-urlencoded") return next();
      const id = ctx.params.id ?? "";
      const { token, proof, isOwnForm } = await readAnswer(ctx, id);
      const details = await findDetails(id);
      const actor = { kind: "invitee", user_id: null, request_id: ctx.state.requestId } as const;
      if (closedState(details, proof) === undefined) {
        await VERBS[answer](context, details, proof, actor).catch(ignoreIfClosedMeanwhile);
      }
      setLinkCookie(ctx, id, token, secure);
      if (isOwnForm) return seeOther(ctx, `/invitations/${id}`);
      const after = await findDetails(id);
      send(ctx, showPage(after, closedState(after, proof), ""));
    });
  }

  /** The page's own form proves itself by the cookie and a hidden field; a form made elsewhere brings the token. */
  async function readAnswer(
    ctx: Ctx,
    id: string,
  ): Promise<{ token: string; proof: Proof; isOwnForm: boolean }> {
    const form = new URLSearchParams(await readText(ctx.req, SMALL_BODY));
    const cookie = readLinkCookie(ctx, id, secure) ?? "";
    const token = form.get("token") ?? cookie;
    const proof = proveByLink(context, id, token, ctx.ip);
    const isOwnForm = !form.has("token");
    if (isOwnForm) requireOwnForm(form.get("csrf"), context.linkKeys.formSecret(cookie));
    return { token, proof, isOwnForm };
  }

  async function findDetails(id: string): Promise<InvitationDetails> {
    const [details] = await findInvitationDetails(context.db, [id]);
    if (details === undefined) throw notFound("invitation");
    return details;
  }

  return router;
}

function send(ctx: Ctx, { status, html }: ShownPage): void {
  ctx.status = status;
  ctx.set(pageHeaders);
  ctx.body = html;
}

/** Somebody was faster: the page tells what the invitation has become. */
function ignoreIfClosedMeanwhile(error: unknown): void {
  if (!(error instanceof Refusal && error.status === 409)) throw error;
}
