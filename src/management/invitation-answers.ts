import { z } from "zod";
import { inPath, linkHolder } from "../access/allow.ts";
import type { Caller } from "../access/caller.ts";
import { requireScope } from "../access/require-permission.ts";
import { forbidden, invalid, Refusal, unauthorized } from "../errors.ts";
import { described, LATER } from "../http/attributes.ts";
import { type Endpoint, endpoint, type OneRequest } from "../http/endpoint.ts";
import { acceptInvitation } from "../invitations/accept-invitation.ts";
import { declineInvitation } from "../invitations/decline-invitation.ts";
import { findInvitation } from "../invitations/find-invitation.ts";
import { proveByAddress, proveByLink } from "../invitations/prove-invitee.ts";
import { shows } from "../json-api/answers.ts";
import { meta } from "../json-api/bodies.ts";
import { presentResource, toOne } from "../json-api/document.ts";
import type { Proof } from "../models/invitation.ts";
import { invitationType } from "./invitations.ts";
import { keyOf } from "./key-of.ts";

/** The holder of a link sends the token; a program names the user; a signed-in user sends neither. */
const Answer = z
  .strictObject({
    token: described(z.string().max(200), "The end of the link in the email.").optional(),
    user_id: described(z.string().max(64), "The user of the invited address.").optional(),
  })
  .meta({
    examples: [
      { token: "01kagx5c8wmw5drxrge3rmw4nf00017be1c0d2dfV3nQm0y8bXq2T5wK7uZ1cR4eA6hJ9sL0pN3gM8oYi" },
    ],
  });
type Answer = z.infer<typeof Answer>;

/**
 * The same two commands under `/api`, and under the path that emails and guides print, where the invitation itself
 * names the environment.
 */
export const invitationAnswerEndpoints = [
  ...answerEndpoints("/api/invitations", "", "request"),
  ...answerEndpoints("/invitations", "ByLink", "invitation"),
];

/** @param named what ends the names of the operations. */
function answerEndpoints<const Base extends string>(
  base: Base,
  named: string,
  environment: "request" | "invitation",
): Endpoint[] {
  const rest = { of: inPath("invitation"), scope: "invitations:write", environment } as const;
  const declared = { method: "POST", limit: "write", body: meta(Answer) } as const;
  return [
    endpoint({
      ...declared,
      path: `${base}/:id/accept`,
      operationId: `acceptInvitation${named}`,
      summary:
        "Accept an invitation: by its link, as the signed-in invitee, or as a program that names the invited user.",
      answers: {
        ...shows(invitationType, { membership: "membership" }),
        example: { status: "accepted", accepted_at: LATER, updated_at: LATER },
      },
      allow: linkHolder(
        "Anyone who holds the link in the email, by `meta.token`; the signed-in user whose verified address was invited; the operator, or a client that also has `memberships:write`, for the user of the invited address, by `meta.user_id`.",
        rest,
      ),
      async handle(request) {
        const proof = await prove(request);
        if (proof === undefined) {
          const detail = 'Name the user who accepts: send {"meta": {"user_id": "…"}}.';
          // Without a source: there may be no document to point into.
          throw new Refusal(422, [{ code: "user_missing", detail }]);
        }
        const { context, actor } = request;
        const { invitation, membership_id } = await acceptInvitation(context, keyOf(request), proof, actor);
        const shown = presentResource(invitationType, invitation);
        const relationships = { ...shown.relationships, membership: toOne("membership", membership_id) };
        return { status: 200, document: { data: { ...shown, relationships } } };
      },
    }),
    endpoint({
      ...declared,
      path: `${base}/:id/decline`,
      operationId: `declineInvitation${named}`,
      summary: "Decline an invitation: by its link, as the signed-in invitee, or as a program.",
      answers: {
        ...shows(invitationType),
        example: { status: "declined", declined_at: LATER, updated_at: LATER },
      },
      allow: linkHolder(
        "Anyone who holds the link in the email, by `meta.token`; the signed-in user whose verified address was invited; a program.",
        rest,
      ),
      async handle(request) {
        const { context, actor } = request;
        const invitation = await declineInvitation(context, keyOf(request), await prove(request), actor);
        return { status: 200, document: { data: presentResource(invitationType, invitation) } };
      },
    }),
  ];
}

/** @returns undefined for a program that names nobody. */
async function prove(request: OneRequest<Answer>): Promise<Proof | undefined> {
  const { context, caller, organization, body, ip } = request;
  const key = keyOf(request);
  refuseOtherUser(body, caller);
  if (body.token !== undefined) return proveByLink(context, key.id, body.token, ip);
  if (caller.kind === "nobody") throw unauthorized();
  if (caller.kind !== "user") {
    if (body.user_id === undefined) return undefined;
    // Accepting for a user creates a membership, which takes more than the scope to invite.
    requireScope(caller, "memberships:write");
    return { by: "user", userId: body.user_id };
  }
  const maySee = organization?.permissions?.includes("members:read") ?? false;
  return proveByAddress(await findInvitation(context.db, key), caller, maySee);
}

/** Refuses a `user_id` that would be ignored: a link already identifies the user, and signed-in users answer for themselves. */
function refuseOtherUser({ token, user_id }: Answer, caller: Caller): void {
  const pointer = "/meta/user_id";
  if (user_id === undefined) return;
  if (token !== undefined) throw invalid("token_or_user", "Send `token` or `user_id`, not both.", pointer);
  if (caller.kind === "user" && user_id !== caller.user_id) {
    throw forbidden("user_is_caller", "You answer for yourself: leave `user_id` out.", { pointer });
  }
}
