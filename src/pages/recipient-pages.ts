import { Router, type RouterContext } from "@koa/router";
import type { Context } from "../context.ts";
import { Refusal } from "../errors.ts";
import { parseMediaType } from "../http/negotiate.ts";
import { readText, SMALL_BODY } from "../http/read-body.ts";
import type { RequestState } from "../http/request-scope.ts";
import { acceptInvitation } from "../invitations/accept-invitation.ts";
import { closedState } from "../invitations/closed-invitation.ts";
import { declineInvitation } from "../invitations/decline-invitation.ts";
import { findInvitationDetails, type InvitationDetails } from "../invitations/find-invitation-details.ts";
import { type LinkProof, proveByLink } from "../invitations/prove-by-link.ts";
import { readLinkCookie, setLinkCookie, VISIT_MINUTES } from "./link-cookie.ts";
import { pageHeaders } from "./page-headers.ts";
import { preferredLanguage } from "./preferred-language.ts";
import { renderPage } from "./render-page.ts";
import { requireOwnForm } from "./require-own-form.ts";
import { seeOther } from "./see-other.ts";
import { type ShownPage, showPage } from "./show-page.ts";

type Ctx = RouterContext<RequestState>;
const VERBS = { accept: acceptInvitation, decline: declineInvitation };

/**
 * What a person sees who follows the link in an email. Opening it changes nothing, however often and by whatever
 * machine: only the page's own buttons answer. It needs neither JavaScript nor
 * cookies ([decision 023](../../docs/decisions/023-what-recipients-need-not-have.md)).
 */
export function recipientPages(context: Context): Router<RequestState> {
  const secure = context.settings.PUBLIC_URL.startsWith("https:");
  const router = new Router<RequestState>();

  /** The link in the email: swaps the token for a cookie, and for a visit where the browser keeps no cookie. */
  router.get("/i/:token", (ctx) => {
    const token = ctx.params.token ?? "";
    const id = context.linkKeys.verify(token)?.invitationId ?? "";
    const proof = proveByLink(context, id, token, ctx.ip);
    setLinkCookie(ctx, id, token, secure);
    // The email's two links lead to one page: machines follow both, so neither may answer.
    seeOther(ctx, `${visitOf(id, proof)}${ctx.query.answer === "decline" ? "#decline" : ""}`);
  });

  router.get("/invitations/:id", async (ctx) => {
    const id = ctx.params.id ?? "";
    const cookie = readLinkCookie(ctx, id, secure);
    const visit = readVisit(ctx, id);
    const keepsCookie = cookie !== undefined && (visit === undefined || isSameLink(cookie, visit));
    // Only a browser has an address bar and a history to keep clean, and the cookie is all it needs from here on.
    if (keepsCookie && visit !== undefined && ctx.get("Sec-Fetch-Mode") === "navigate")
      return seeOther(ctx, `/invitations/${id}`);
    const token = (keepsCookie ? cookie : visit) ?? "";
    const proof = proveByLink(context, id, token, ctx.ip);
    const details = await findDetails(id);
    if (details === undefined) return sendGone(ctx);
    const csrf = context.linkKeys.formSecret(token);
    const form = keepsCookie ? { csrf, token: null } : { csrf, token };
    send(ctx, showPage(details, closedState(details, proof), form));
  });

  for (const answer of ["accept", "decline"] as const) {
    router.post(`/invitations/:id/${answer}`, async (ctx, next) => {
      // The same address also takes JSON:API: see the Management API.
      if (parseMediaType(ctx.get("Content-Type")).type !== "application/x-www-form-urlencoded") return next();
      const id = ctx.params.id ?? "";
      const { token, proof, next: page } = await readAnswer(ctx, id);
      const details = await findDetails(id);
      if (details === undefined) return sendGone(ctx);
      const actor = { kind: "invitee", user_id: null, request_id: ctx.state.requestId } as const;
      if (closedState(details, proof) === undefined) {
        await VERBS[answer](context, details, proof, actor).catch(ignoreIfClosedMeanwhile);
      }
      setLinkCookie(ctx, id, token, secure);
      if (page !== undefined) return seeOther(ctx, page);
      const after = await findDetails(id);
      if (after === undefined) return sendGone(ctx);
      send(ctx, showPage(after, closedState(after, proof), { csrf: "", token: null }));
    });
  }

  /**
   * The page's own form proves itself by a hidden field and by the cookie, or by the token where there is no cookie; a
   * form made elsewhere brings the token alone.
   * @returns `next`: the page that our own form leads to.
   */
  async function readAnswer(
    ctx: Ctx,
    id: string,
  ): Promise<{ token: string; proof: LinkProof; next: string | undefined }> {
    const form = new URLSearchParams(await readText(ctx.req, SMALL_BODY));
    const given = form.get("token");
    const token = given ?? readLinkCookie(ctx, id, secure) ?? "";
    const proof = proveByLink(context, id, token, ctx.ip);
    if (given !== null && !form.has("csrf")) return { token, proof, next: undefined };
    requireOwnForm(form.get("csrf"), context.linkKeys.formSecret(token));
    return { token, proof, next: given === null ? `/invitations/${id}` : visitOf(id, proof) };
  }

  /** The page of an invitation for a browser that may keep no cookie: what it shows and keeps is soon worth nothing. */
  function visitOf(id: string, { tokenVersion }: LinkProof): string {
    const visit = context.linkKeys.signVisit({ invitationId: id, tokenVersion }, VISIT_MINUTES);
    return `/invitations/${id}?visit=${visit}`;
  }

  /** @returns the token that the visit stands for; undefined when it is over, or none for this invitation. */
  function readVisit(ctx: Ctx, id: string): string | undefined {
    const { visit } = ctx.query;
    const link = typeof visit === "string" ? context.linkKeys.verifyVisit(visit) : undefined;
    return link?.invitationId === id ? context.linkKeys.sign(link) : undefined;
  }

  /** Whether a cookie is of the link just opened: one of an earlier email stays where no newer one is kept. */
  function isSameLink(cookie: string, token: string): boolean {
    const [one, other] = [context.linkKeys.verify(cookie), context.linkKeys.verify(token)];
    return one?.invitationId === other?.invitationId && one?.tokenVersion === other?.tokenVersion;
  }

  /** @returns undefined when the invitation is deleted, or its organization is. */
  async function findDetails(id: string): Promise<InvitationDetails | undefined> {
    return (await findInvitationDetails(context.db, { id }))[0];
  }

  return router;
}

function send(ctx: Ctx, { status, html }: ShownPage): void {
  ctx.status = status;
  ctx.set(pageHeaders);
  ctx.body = html;
}

/** A stranger never gets here: the link is ours, so its holder may learn what a wrong link must not reveal. */
function sendGone(ctx: Ctx): void {
  send(ctx, { status: 404, html: renderPage("gone", {}, preferredLanguage(ctx)) });
}

/** Somebody was faster: the page shows what the invitation has become. */
function ignoreIfClosedMeanwhile(error: unknown): void {
  if (!(error instanceof Refusal && [404, 409].includes(error.status))) throw error;
}
