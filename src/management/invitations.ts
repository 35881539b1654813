import { z } from "zod";
import { forbidden } from "../errors.ts";
import { endpoint, type Params } from "../http/endpoint.ts";
import { deleteInvitation } from "../invitations/delete-invitation.ts";
import { inviteMember } from "../invitations/invite-member.ts";
import { revokeInvitation } from "../invitations/revoke-invitation.ts";
import { creates, NOTHING, shows } from "./answers.ts";
import { newResource } from "./bodies.ts";
import { invitationAttributes } from "./invitation-attributes.ts";
import { keyOf } from "./key-of.ts";
import { presentAnswered } from "./present-answered.ts";
import { presentResource } from "./reading/present-resource.ts";
import { readEndpoints } from "./reading/read-endpoints.ts";
import { invitationType } from "./types/invitation-type.ts";

const newInvitation = {
  type: "invitation",
  attributes: invitationAttributes.extend({ send_mail: z.boolean().default(true) }),
  relationships: { organization: { type: "organization", prefix: "org", required: true } },
} as const;

const inPath = ({ params }: { params: Params }) => ({ invitation: params.id });

export const invitationEndpoints = [
  ...readEndpoints(invitationType),
  endpoint({
    method: "POST",
    path: "/api/invitations",
    summary: "Invite an address to an organization. The mail is sent once the invitation is written.",
    who: "caller",
    scope: "invitations:write",
    limit: "invite",
    body: newResource(newInvitation),
    organization: ({ body }) => ({ organization: body.relationships.organization }),
    permission: "members:manage",
    answers: creates(invitationType),
    async handle({ context, environment, caller, actor, body: { attributes, relationships } }) {
      if (caller.kind === "user" && !attributes.send_mail) {
        const detail = "Only programs send the mail themselves: leave `send_mail` out.";
        throw forbidden("program_only", detail, { pointer: "/data/attributes/send_mail" });
      }
      const { email: address, message = null, locale: tag = null, expires_at = null, ...rest } = attributes;
      const { environment_id } = environment;
      const organization_id = relationships.organization ?? "";
      const invitation = {
        environment_id,
        organization_id,
        ...rest,
        address,
        message,
        locale: tag,
        expires_at,
      };
      const data = presentResource(invitationType, await inviteMember(context, invitation, actor));
      return { status: 201, document: { data }, headers: { Location: data.links.self } };
    },
  }),
  endpoint({
    method: "POST",
    path: "/api/invitations/:id/revoke",
    summary: "Withdraw a pending invitation; its link is dead at once.",
    who: "caller",
    scope: "invitations:write",
    limit: "write",
    organization: inPath,
    permission: "members:manage",
    answers: shows(invitationType),
    async handle(request) {
      const invitation = await revokeInvitation(request.context, keyOf(request), request.actor);
      const data = await presentAnswered(request.context.db, invitation);
      return { status: 200, document: { data } };
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/api/invitations/:id",
    summary:
      "Delete an invitation that is over, with its deliveries. Its events stay, and limits still count its emails.",
    who: "caller",
    scope: "invitations:delete",
    limit: "write",
    organization: inPath,
    answers: NOTHING,
    allowed: "A member with `members:manage` in the organization.",
    async handle(request) {
      // Not declared as `permission`: a request that is sent again must find its kept answer, and the invitation is gone.
      request.require("members:manage");
      await deleteInvitation(request.context, keyOf(request), request.actor);
      return { status: 204 };
    },
  }),
];
