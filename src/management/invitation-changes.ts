import { z } from "zod";
import { inPath, member, program } from "../access/allow.ts";
import { described, expiry, LATER, locale, text } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { deleteInvitation } from "../invitations/delete-invitation.ts";
import { editInvitation } from "../invitations/edit-invitation.ts";
import { copyLink, resendInvitation } from "../invitations/resend-invitation.ts";
import { revokeInvitation } from "../invitations/revoke-invitation.ts";
import { returnsMeta, shows } from "../json-api/answers.ts";
import { changedResource, meta } from "../json-api/bodies.ts";
import { presentResource } from "../json-api/document.ts";
import { invitationType } from "./invitations.ts";
import { keyOf } from "./key-of.ts";
import { deletes } from "./resource-endpoints.ts";

const changedInvitation = {
  type: "invitation",
  attributes: z.strictObject({
    role_ids: z.array(z.string().max(64)).min(1, { error: "must name at least one role" }).max(50).optional(),
    first_name: text(100).nullish(),
    last_name: text(100).nullish(),
    locale: locale.nullish(),
    expires_at: expiry.optional(),
  }),
  relationships: {},
} as const;

const Resending = z.strictObject({
  expires_at: described(
    expiry,
    "Until when it can be answered; by default the environment's lifetime from now.",
    "2026-12-20T09:30:00.000Z",
  ).optional(),
});

const Link = z.object({
  link: described(z.string(), "The page where the invitation is answered.", "https://guildhall.example/i/…"),
});

const allow = member("members:manage", { of: inPath("invitation"), scope: "invitations:write" });

/** What the people who invite can do with an invitation. */
export const invitationChangeEndpoints = [
  endpoint({
    method: "PATCH",
    path: "/api/invitations/:id",
    operationId: "updateInvitation",
    summary:
      "Change a pending invitation's roles, expiry, language, or the person's name. Its link keeps working.",
    allow,
    limit: "write",
    body: changedResource(changedInvitation),
    answers: shows(invitationType),
    async handle(request) {
      const { context, actor, body } = request;
      const invitation = await editInvitation(context, keyOf(request), body.attributes, actor);
      return { status: 200, document: { data: presentResource(invitationType, invitation) } };
    },
  }),
  endpoint({
    method: "POST",
    path: "/api/invitations/:id/resend",
    operationId: "resendInvitation",
    summary:
      "Send a pending or expired invitation once more, with a new link and a new expiry. The old link no longer works, and an expired invitation is pending again.",
    allow,
    limit: "invite",
    body: meta(Resending),
    answers: { ...shows(invitationType), example: { delivery_status: "queued", updated_at: LATER } },
    async handle(request) {
      const { context, actor, body } = request;
      const expiresAt = body.expires_at ?? null;
      const invitation = await resendInvitation(context, keyOf(request), expiresAt, actor);
      return { status: 200, document: { data: presentResource(invitationType, invitation) } };
    },
  }),
  endpoint({
    method: "POST",
    path: "/api/invitations/:id/link",
    operationId: "linkInvitation",
    summary:
      "Get the link of a pending invitation, to send it in an email of your own. The events record it.",
    allow: program("invitation_links:write"),
    limit: "write",
    answers: { ...returnsMeta(Link), secret: true },
    async handle(request) {
      const { context, actor } = request;
      return { status: 200, document: { meta: { link: await copyLink(context, keyOf(request), actor) } } };
    },
  }),
  endpoint({
    method: "POST",
    path: "/api/invitations/:id/revoke",
    operationId: "revokeInvitation",
    summary: "Revoke a pending invitation. Its link stops working at once.",
    allow,
    limit: "write",
    answers: {
      ...shows(invitationType),
      example: { status: "revoked", revoked_at: LATER, updated_at: LATER },
    },
    async handle(request) {
      const invitation = await revokeInvitation(request.context, keyOf(request), request.actor);
      return { status: 200, document: { data: presentResource(invitationType, invitation) } };
    },
  }),
  deletes(invitationType, {
    summary:
      "Delete an invitation that is over, with its deliveries. Its events stay, and limits still count its emails.",
    allow: member("members:manage", {
      of: inPath("invitation"),
      scope: "invitations:delete",
      judged: "with the key",
    }),
    remove: (request) => deleteInvitation(request.context, keyOf(request), request.actor),
  }),
];
