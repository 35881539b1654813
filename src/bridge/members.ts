import { z } from "zod";
import { inPath, member, signedIn } from "../access/allow.ts";
import { badRequest, forbidden, notFound, Refusal } from "../errors.ts";
import { emailAddress } from "../http/attributes.ts";
import { endpoint, type OneRequest } from "../http/endpoint.ts";
import { inviteMember } from "../invitations/invite-member.ts";
import { requireInvitingAllowed } from "../invitations/mail-limits.ts";
import { addMember } from "../memberships/add-member.ts";
import { changeRole } from "../memberships/change-role.ts";
import { listMembers, type Member } from "../memberships/list-members.ts";
import { removeMember } from "../memberships/remove-member.ts";
import { findSystemRole } from "../roles/find-system-role.ts";
import { findUserByAddress } from "../users/find-user-by-address.ts";
import { done, page, record, show, time } from "./envelope.ts";
import { fields, optionalFields } from "./fields.ts";
import { pageParameters, pagingOf } from "./list-query.ts";
import { strongestRole } from "./organizations.ts";
import { userIn } from "./owner-in.ts";

const memberShape = z.object({
  id: z.string(),
  organization_id: z.string(),
  user_id: z.string(),
  user_name: z.string().nullable(),
  user_first_name: z.string().nullable(),
  user_last_name: z.string().nullable(),
  user_email: z.string(),
  user_picture: z.string().nullable(),
  role: strongestRole,
  roles: z.array(z.string()),
  created_at: time,
  updated_at: time,
});

const anyRole = strongestRole.unwrap();
/** The role of owner is transferred, never given. */
const givenRole = anyRole.exclude(["owner"]);

const one = { holds: "record", name: "Member", of: memberShape } as const;
/** Options of an invitation that this API does not offer. */
const NOTHING_MORE = { message: null, locale: null, metadata: {}, expires_at: null };
const INVITED = "Invitation sent successfully";
const ADDED = "Member added successfully";
const UPDATED = "Member role updated successfully";
const REMOVED = "Member removed successfully";
const LEFT = "You have left the organization";

export const memberEndpoints = [
  endpoint({
    method: "GET",
    path: "/bridge-payment/organizations/:id/members",
    summary: "List an organization's members.",
    allow: member("members:read", { of: inPath("organization") }),
    limit: "read",
    query: z.strictObject({ ...pageParameters(100), role: anyRole.optional() }),
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
    summary:
      "Make an existing user a member at once, without an email; or invite the address, where the environment's `member_adding` is `invite`.",
    allow: member("members:manage", { of: inPath("organization") }),
    limit: "invite",
    body: fields(z.strictObject({ email: emailAddress, role: givenRole.default("member") })),
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
      const { context, environment, actor, body, params } = request;
      const { environment_id, settings } = environment;
      const { canonical: email_canonical } = body.email;
      const organization_id = params.id;
      const { id: role_id } = await findSystemRole(context.db, environment_id, body.role);
      if (settings.member_adding === "invite") {
        const invitation = { environment_id, organization_id, address: body.email, role_ids: [role_id] };
        await inviteMember(context, { ...NOTHING_MORE, ...invitation }, actor);
        return done(INVITED, 202);
      }
      // The response reveals whether the address has a user, so such requests are limited.
      context.limiter.count("add_member", userIn(request));
      await requireInvitingAllowed(context.db, { environment_id, organization_id, email_canonical }, actor);
      const user = await findUserByAddress(context.db, { environment_id, email_canonical });
      if (user === undefined)
        throw new Refusal(404, [{ code: "user_not_found", detail: "User not found with email" }]);
      const where = { environment_id, organization_id, user_id: user.id };
      const added = await addMember(context, { ...where, role_ids: [role_id], metadata: {} }, actor);
      // Built from what was written: a second read might find the member removed already.
      const member = { ...user, ...added, role: body.role, roles: [body.role] };
      return record(present(member), 201, ADDED);
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/organizations/:id/members/:member_id",
    summary: "Give a member another role. Not the owner, and not yourself.",
    allow: member("members:manage", { of: inPath("organization") }),
    limit: "write",
    body: fields(z.strictObject({ role: givenRole })),
    answers: { status: 200, records: one, message: UPDATED },
    async handle(request) {
      const { context, actor, body } = request;
      const change = { ...whereIn(request), membership_id: request.params.member_id, role: body.role };
      const { id } = await changeRole(context, change, actor);
      return record(await findMember(request, id), 200, UPDATED);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/bridge-payment/organizations/:id/members/:member_id",
    summary: "Remove a member. Not the owner, and not yourself: leave instead.",
    allow: member("members:manage", { of: inPath("organization") }),
    limit: "write",
    answers: { status: 200, message: REMOVED },
    async handle(request) {
      const member = await findMember(request, request.params.member_id);
      const isOwner = request.organization?.isOwner === true;
      if (member.user_id === userIn(request) && !isOwner)
        throw badRequest("own_membership", "Cannot remove yourself. Use the leave endpoint instead");
      await removeMember(request.context, { ...whereIn(request), id: String(member.id) }, request.actor);
      return done(REMOVED);
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/organizations/:id/leave",
    summary: "End your own membership. The owner can't: transfer the ownership or delete the organization.",
    allow: signedIn({ of: inPath("organization"), people: "Every member but the owner." }),
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
      const filter = { organization_id: request.params.id, user_id: userIn(request) };
      const { rows } = await listMembers(request.context.db, filter, { limit: 1, offset: 0 });
      if (rows[0] === undefined) throw notFound("membership");
      await removeMember(request.context, { ...whereIn(request), id: rows[0].id }, request.actor);
      return done(LEFT);
    },
  }),
];

function whereIn({ params, environment }: Pick<OneRequest, "params" | "environment">) {
  return { environment_id: environment.environment_id, organization_id: params.id };
}

/** @throws 404. */
async function findMember({ context, params }: Pick<OneRequest, "context" | "params">, id: string) {
  const filter = { organization_id: params.id, id };
  const { rows } = await listMembers(context.db, filter, { limit: 1, offset: 0 });
  if (rows[0] === undefined) throw notFound("member");
  return present(rows[0]);
}

function present({ email, first_name, last_name, picture, ...member }: Member): Record<string, unknown> {
  const names = [first_name, last_name].filter((name) => name !== null);
  return show(memberShape, {
    ...member,
    user_name: names.length === 0 ? null : names.join(" "),
    user_first_name: first_name,
    user_last_name: last_name,
    user_email: email,
    user_picture: picture,
  });
}
