import { z } from "zod";
import { inPath, member, signedIn } from "../access/allow.ts";
import { badRequest, forbidden, notFound, Refusal } from "../errors.ts";
import { created_at, described, emailAddress, updated_at, withExample } from "../http/attributes.ts";
import { endpoint, type OneRequest } from "../http/endpoint.ts";
import { inviteMember } from "../invitations/invite-member.ts";
import { requireInvitingAllowed } from "../invitations/mail-limits.ts";
import { addMember } from "../memberships/add-member.ts";
import { changeRole } from "../memberships/change-role.ts";
import { findMember, listMembers, type Member } from "../memberships/list-members.ts";
import { removeMember } from "../memberships/remove-member.ts";
import { personName } from "../models/person-name.ts";
import { findSystemRole } from "../roles/find-system-role.ts";
import { findUserByAddress } from "../users/find-user-by-address.ts";
import { done, idOf, page, record, show } from "./envelope.ts";
import { fields, optionalFields } from "./fields.ts";
import { pageParameters, pagingOf } from "./list-query.ts";
import { strongestRole } from "./organizations.ts";
import { userIn } from "./owner-in.ts";

const ROLE = "Their strongest system role: `owner`, `admin`, `billing` or `member`.";
const name = z.string().nullable();
const memberShape = z.object({
  id: idOf("orguser", "The membership's id, which the paths of members take."),
  organization_id: idOf("org", "The organization they belong to."),
  user_id: idOf("user", "The user."),
  user_name: described(name, "First and last name.", "Grace Hopper"),
  user_first_name: withExample(name, "Grace"),
  user_last_name: withExample(name, "Hopper"),
  user_email: withExample(z.string(), "grace@acme.example"),
  user_picture: z.string().nullable(),
  role: described(strongestRole, ROLE, "admin"),
  roles: described(z.array(z.string()), "All their roles in the organization.", ["admin"]),
  created_at: created_at.describe("When they became a member."),
  updated_at,
});

/** The role owner is transferred, never granted. */
const grantableRole = strongestRole.unwrap().exclude(["owner"]).describe(ROLE);
const newMember = z
  .strictObject({
    email: emailAddress.describe("The address of an existing user."),
    role: grantableRole.default("member"),
  })
  .meta({ examples: [{ email: "grace@acme.example", role: "admin" }] });
const changedMember = z.strictObject({ role: grantableRole }).meta({ examples: [{ role: "billing" }] });

const one = { holds: "record", name: "Member", of: memberShape } as const;
const INVITED = "Invitation sent successfully";
const ADDED = "Member added successfully";
const UPDATED = "Member role updated successfully";
const REMOVED = "Member removed successfully";
const LEFT = "You have left the organization";

export const memberEndpoints = [
  endpoint({
    method: "GET",
    path: "/bridge-payment/organizations/:id/members",
    operationId: "bridgeListMembers",
    summary: "List an organization's members.",
    allow: member("members:read", { of: inPath("organization") }),
    limit: "read",
    query: z.strictObject({
      ...pageParameters(100),
      role: strongestRole.unwrap().optional().describe("Only members whose strongest system role this is."),
    }),
    answers: { status: 200, records: { ...one, holds: "page" } },
    async handle({ context, params, query }) {
      const filter = { organization_id: params.id, role: query.role };
      const paging = pagingOf(query);
      const { rows, total } = await listMembers(context.db, filter, paging);
      return page(rows.map(present), total, paging);
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/organizations/:id/members",
    operationId: "bridgeAddMember",
    summary:
      "Make an existing user a member at once, without an email; or invite the address if the environment's `member_adding` is `invite`.",
    allow: member("members:manage", { of: inPath("organization") }),
    limit: "invite",
    body: fields(newMember),
    answers: {
      status: 201,
      records: one,
      message: ADDED,
      otherwise: {
        status: 202,
        message: INVITED,
        when: "The address was invited, whether or not it has a user: `member_adding` is `invite`.",
      },
    },
    async handle(request) {
      const { context, environment, actor, body } = request;
      const where = whereIn(request);
      const address = { environment_id: where.environment_id, email_canonical: body.email.canonical };
      const { id: role_id } = await findSystemRole(context.db, where.environment_id, body.role);
      if (environment.settings.member_adding === "invite") {
        await inviteMember(context, { ...where, address: body.email, role_ids: [role_id] }, actor);
        return done(INVITED, 202);
      }
      // The response reveals whether the address has a user, so such requests are limited.
      context.limiter.count("add_member", userIn(request));
      await requireInvitingAllowed(context.db, { ...where, ...address }, actor);
      const user = await findUserByAddress(context.db, address);
      if (user === undefined)
        throw new Refusal(404, [{ code: "user_not_found", detail: "User not found with email" }]);
      const joining = { ...where, user_id: user.id, role_ids: [role_id], metadata: {} };
      const added = await addMember(context, joining, actor);
      // Built from what was written: a second read might find the member removed already.
      const member = { ...user, ...added, role: body.role, roles: [body.role] };
      return record(present(member), 201, ADDED);
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/organizations/:id/members/:member_id",
    operationId: "bridgeUpdateMember",
    summary: "Change a member's role. The owner's and your own can't be changed.",
    allow: member("members:manage", { of: inPath("organization") }),
    limit: "write",
    body: fields(changedMember),
    answers: { status: 200, records: one, message: UPDATED },
    async handle(request) {
      const { context, actor, body } = request;
      const change = { ...whereIn(request), membership_id: request.params.member_id, role: body.role };
      const { id } = await changeRole(context, change, actor);
      return record(present(await memberIn(request, { id })), 200, UPDATED);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/bridge-payment/organizations/:id/members/:member_id",
    operationId: "bridgeRemoveMember",
    summary: "Remove a member. The owner can't be removed; to remove yourself, leave.",
    allow: member("members:manage", { of: inPath("organization") }),
    limit: "write",
    answers: { status: 200, message: REMOVED },
    async handle(request) {
      const member = await memberIn(request, { id: request.params.member_id });
      if (member.user_id === userIn(request) && !request.organization?.isOwner)
        throw badRequest("own_membership", "Cannot remove yourself. Use the leave endpoint instead");
      await removeMember(request.context, { ...whereIn(request), id: member.id }, request.actor);
      return done(REMOVED);
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/organizations/:id/leave",
    operationId: "bridgeLeaveOrganization",
    summary:
      "End your own membership. The owner can't leave, but can transfer the ownership or delete the organization.",
    allow: signedIn({ of: inPath("organization"), people: "Any member except the owner." }),
    limit: "write",
    body: optionalFields(z.strictObject({})),
    answers: { status: 200, message: LEFT },
    async handle(request) {
      if (!request.organization?.isMember)
        throw forbidden("forbidden", "You are not a member of this organization.");
      if (request.organization.isOwner)
        throw badRequest(
          "owner_cannot_leave",
          "The organization owner cannot leave the organization. Transfer ownership or delete the organization",
        );
      const { id } = await memberIn(request, { user_id: userIn(request) });
      await removeMember(request.context, { ...whereIn(request), id }, request.actor);
      return done(LEFT);
    },
  }),
];

function whereIn({ params, environment }: Pick<OneRequest, "params" | "environment">) {
  return { environment_id: environment.environment_id, organization_id: params.id };
}

/** @throws 404. */
async function memberIn({ context, params }: OneRequest, which: { id: string } | { user_id: string }) {
  const member = await findMember(context.db, { organization_id: params.id, ...which });
  if (member === undefined) throw notFound("member");
  return member;
}

function present({ email, first_name, last_name, picture, ...member }: Member): Record<string, unknown> {
  return show(memberShape, {
    ...member,
    user_name: personName({ first_name, last_name }),
    user_first_name: first_name,
    user_last_name: last_name,
    user_email: email,
    user_picture: picture,
  });
}
