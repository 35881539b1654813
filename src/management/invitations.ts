import { z } from "zod";
import { inBody, member } from "../access/allow.ts";
import { forbidden } from "../errors.ts";
import { created_at, described, time, updated_at } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { inviteMember } from "../invitations/invite-member.ts";
import { creates } from "../json-api/answers.ts";
import { newResource } from "../json-api/bodies.ts";
import { presentResource } from "../json-api/document.ts";
import { byAddress, byColumn, byCreation, bySearch, foundIds } from "../json-api/filters.ts";
import { among, idsFrom } from "../json-api/lead.ts";
import { type Rows, resourceType, storedMetadata, type Viewer } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { INVITATION_STATUSES, Invitation } from "../models/invitation.ts";
import { invitationAttributes } from "./invitation-attributes.ts";
import { byDeliveryStatus, byStatusNow, DELIVERY_STATUSES } from "./invitation-filters.ts";
import { isAlive, leadsByOrganization, visibleOrganizations } from "./visible-organizations.ts";

export const invitationType = resourceType<Invitation>({
  type: "invitation",
  path: "invitations",
  prefix: "inv",
  description:
    "An offer of membership, sent to an email address as a link. Accepting it makes the person a member with the roles it names.",
  seenBy: "A signed-in user sees those of organizations where they have `members:read`.",
  visible: (viewer) =>
    among(
      viewer,
      Invitation.query(viewer.db)
        .modify("asListed")
        .modify("withSummary")
        .where("invitations.environment_id", viewer.environment_id)
        .whereRaw(isAlive("invitations.organization_id")),
      leads(viewer),
    ),
  leads,
  /** Leaves out the token's version, which is part of the link. */
  attributes: z.object({
    email: described(z.string(), "Where the invitation is sent.", "mary@acme.example"),
    first_name: described(
      z.string().nullable(),
      "What to call the person. Acceptance gives it, like `last_name`, to a user without a name.",
      "Mary",
    ),
    last_name: described(z.string().nullable(), "See `first_name`.", "Somerville"),
    role_ids: described(z.array(z.string()), "The roles that acceptance gives. Without any: `member`.", [
      exampleId("role"),
    ]),
    message: described(
      z.string().nullable(),
      "A personal message in the email.",
      "Will you look after our books?",
    ),
    locale: described(
      z.string().nullable(),
      "The language of the email and its page. Without one, or without a translation, the environment's is used, or English.",
      "en",
    ),
    metadata: described(
      storedMetadata,
      "Copied to the membership on acceptance. Set by anyone who may invite. At most 8,192 bytes and 50 keys, nested ones included.",
      { crm_id: "C-1017" },
    ),
    status: described(z.enum(INVITATION_STATUSES), "Only a `pending` invitation can be answered.", "pending"),
    delivery_status: described(
      z.enum(DELIVERY_STATUSES).nullable(),
      "What happened to its latest email.",
      "sent",
    ),
    expires_at: described(
      time,
      "Until when it can be answered; by default 7 days, at most 365.",
      "2026-12-20T09:30:00.000Z",
    ),
    accepted_at: time.nullable(),
    declined_at: time.nullable(),
    revoked_at: time.nullable(),
    expired_at: time.nullable(),
    created_at,
    updated_at,
  }),
  onDemand: { metadata: () => "invitations.metadata" },
  computed: ({ delivery_state = null, role_ids = [] }) => ({
    role_ids,
    delivery_status: delivery_state === "pending" ? "queued" : delivery_state,
  }),
  relationships: {
    organization: { type: "organization", id: ({ organization_id }) => organization_id },
    inviter: { type: "user", id: ({ inviter_user_id }) => inviter_user_id },
    accepted_by: { type: "user", id: ({ accepted_by_user_id }) => accepted_by_user_id },
    revoked_by: { type: "user", id: ({ revoked_by_user_id }) => revoked_by_user_id },
    roles: { type: "role", ids: ({ role_ids = [] }) => role_ids },
    deliveries: { type: "delivery", column: "invitation_id" },
  },
  sortable: ["created_at", "expires_at", "email_canonical"],
  filters: {
    organization: byColumn("invitations.organization_id"),
    inviter: byColumn("invitations.inviter_user_id"),
    email: byAddress("invitations.email_canonical"),
    status: byStatusNow,
    delivery_status: byDeliveryStatus,
    ...byCreation("invitations"),
    search: { ...bySearch<Invitation>(searched), findsFew: true },
  },
});

function searched(wanted: string, viewer: Viewer): Array<(rows: Rows<Invitation>) => void> {
  const organizations = visibleOrganizations(viewer, "members:read");
  const ids = foundIds(viewer, "i", wanted, organizations && idsFrom(organizations));
  return [(rows) => void rows.whereRaw("invitations.id = any(array(?))", [ids])];
}

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "members:read", "invitations.organization_id");
}

const newInvitation = {
  type: "invitation",
  attributes: invitationAttributes.extend({
    send_mail: described(
      z.boolean().default(true),
      "If false, no email is sent, and a program takes the link from `/link`. Programs only.",
      true,
    ),
  }),
  relationships: { organization: { type: "organization", prefix: "org", required: true } },
} as const;

export const invitationEndpoints = [
  endpoint({
    method: "POST",
    path: "/api/invitations",
    operationId: "createInvitation",
    summary: "Invite an address to an organization. The email is sent once the invitation is saved.",
    allow: member("members:manage", { of: inBody("organization"), scope: "invitations:write" }),
    limit: "invite",
    body: newResource(newInvitation),
    answers: { ...creates(invitationType), example: { delivery_status: "queued" } },
    async handle({ context, environment, caller, actor, body: { attributes, relationships } }) {
      if (caller.kind === "user" && !attributes.send_mail) {
        const detail = "Only programs can send the email themselves: leave `send_mail` out.";
        throw forbidden("program_only", detail, { pointer: "/data/attributes/send_mail" });
      }
      const { email: address, ...given } = attributes;
      const { environment_id } = environment;
      const organization_id = relationships.organization;
      const invitation = { environment_id, organization_id, address, ...given };
      const data = presentResource(invitationType, await inviteMember(context, invitation, actor));
      return { status: 201, document: { data }, headers: { Location: data.links.self } };
    },
  }),
];
