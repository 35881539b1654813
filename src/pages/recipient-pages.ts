import { Router, type RouterContext } from "@koa/router";
import type { Context } from "../context.ts";
import { Refusal } from "../errors.ts";
import { parseMediaType } from "../http/negotiate.ts";
import { readText, SMALL_BODY } from "../http/read-body.ts";
import type { RequestState } from "../http/request-scope.ts";
import { acceptInvitation } from "../invitations/accept-invitation.ts";
import { declineInvitation } from "../invitations/decline-invitation.ts";
import {
  closedState,
  findInvitationDetails,
  type InvitationDetails,
} from "../invitations/find-invitation.ts";
import { type LinkProof, proveByLink } from "../invitations/prove-invitee.ts";
import { invitationPage, type OwnForm } from "./invitation-page.ts";
import { readLinkCookie, requireOwnForm, setLinkCookie, VISIT_MINUTES } from "./link-cookie.ts";
import { renderPage } from "./render-page.ts";
import { preferredLanguage, seeOther, sendPage } from "./send-page.ts";

type Ctx = RouterContext<RequestState>;
const ANSWERS = { accept: acceptInvitation, decline: declineInvitation };

/**
 * Serves the pages behind the link in an email. Opening the link changes nothing, because machines open links, too:
 * only the page's buttons answer. The pages need neither JavaScript nor cookies ([decision
 * 023](../../docs/decisions/023-recipients-need-no-cookies.md)).
 */
export function recipientPages(context: Context): Router<RequestState> {
  const secure = context.settings.PUBLIC_URL.startsWith("https:");
  const router = new Router<RequestState>();

  // Exchanges the token for a cookie, and for a visit in case the browser keeps no cookies.
  router.get("/i/:token", (ctx) => {
    const { token = "" } = ctx.params;
    const id = context.linkKeys.verify(token)?.invitationId ?? "";
    const proof = proveByLink(context, id, token, ctx.ip);
    setLinkCookie(ctx, id, token, secure);
    // The email's two links lead to the same page. Machines follow both, so neither may answer.
    seeOther(ctx, `${visitOf(id, proof)}${ctx.query.answer === "decline" ? "#decline" : ""}`);
  });

  router.get("/invitations/:id", async (ctx) => {
    const { id = "" } = ctx.params;
    const cookie = readLinkCookie(ctx, id, secure);
    const visit = readVisit(ctx, id);
    const keepsCookie = cookie !== undefined && (visit === undefined || isSameLink(cookie, visit));
    // Only a browser has an address bar and a history to keep clean, and it needs no more than the cookie.
    if (keepsCookie && visit !== undefined && ctx.get("Sec-Fetch-Mode") === "navigate")
      return seeOther(ctx, `/invitations/${id}`);
    const token = (keepsCookie ? cookie : visit) ?? "";
    const proof = proveByLink(context, id, token, ctx.ip);
    const details = await findDetails(id);
    if (details === undefined) return sendGone(ctx);
    const csrf = context.linkKeys.formSecret(token);
    const form = keepsCookie ? { csrf, token: null } : { csrf, token };
    show(ctx, details, proof, form);
  });

  for (const answer of ["accept", "decline"] as const) {
    router.post(`/invitations/:id/${answer}`, async (ctx, next) => {
      // The Management API takes JSON at the same address.
      if (parseMediaType(ctx.get("Content-Type")).type !== "application/x-www-form-urlencoded") return next();
      const { id = "" } = ctx.params;
      const { token, proof, next: page } = await readAnswer(ctx, id);
      const details = await findDetails(id);
      if (details === undefined) return sendGone(ctx);
      const actor = { kind: "invitee", user_id: null, request_id: ctx.state.requestId } as const;
      if (closedState(details, proof) === undefined) {
        await ANSWERS[answer](context, details, proof, actor).catch(ignoreIfClosed);
      }
      setLinkCookie(ctx, id, token, secure);
      if (page !== undefined) return seeOther(ctx, page);
      const after = await findDetails(id);
      if (after === undefined) return sendGone(ctx);
      show(ctx, after, proof, { csrf: "", token: null });
    });
  }

  /**
   * Reads an answer. Our own form comes with a hidden field, and with the cookie or else the token. A form made
   * elsewhere has only the token.
   * @returns `next`: the page to redirect to after our own form.
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

  /** Returns the page's path for a browser that may keep no cookies. It soon expires, so the history may show it. */
  function visitOf(id: string, { tokenVersion }: LinkProof): string {
    const visit = context.linkKeys.signVisit({ invitationId: id, tokenVersion }, VISIT_MINUTES);
    return `/invitations/${id}?visit=${visit}`;
  }

  /** @returns the token that the visit stands for, or undefined if it has expired or is for another invitation. */
  function readVisit(ctx: Ctx, id: string): string | undefined {
    const { visit } = ctx.query;
    const link = typeof visit === "string" ? context.linkKeys.verifyVisit(visit) : undefined;
    return link?.invitationId === id ? context.linkKeys.sign(link) : undefined;
  }

  /** Returns true if the cookie is for the link just opened. If the browser doesn't keep it, an earlier email's cookie stays. */
  function isSameLink(cookie: string, token: string): boolean {
    const [one, other] = [context.linkKeys.verify(cookie), context.linkKeys.verify(token)];
    return one?.invitationId === other?.invitationId && one?.tokenVersion === other?.tokenVersion;
  }

  /** @returns undefined if the invitation or its organization was deleted. */
  async function findDetails(id: string): Promise<InvitationDetails | undefined> {
    return (await findInvitationDetails(context.db, { id }))[0];
  }

  return router;
}

function show(ctx: Ctx, details: InvitationDetails, proof: LinkProof, form: OwnForm): void {
  const { status, html } = invitationPage(details, closedState(details, proof), form);
  sendPage(ctx, status, html);
}

/** Says that the invitation is gone. The link is valid, so its holder may know. */
function sendGone(ctx: Ctx): void {
  sendPage(ctx, 404, renderPage("gone", {}, preferredLanguage(ctx)));
}

/** Ignores that someone else was faster: the page shows how the invitation was closed. */
function ignoreIfClosed(error: unknown): void {
  if (!(error instanceof Refusal && [404, 409].includes(error.status))) throw error;
}
