import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { Role } from "../models/role.ts";
import { requireGrantable } from "../roles/require-grantable.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";

export interface MemberRole {
  environment_id: string;
  organization_id: string;
  membership_id: string;
  role_id: string;
}

/**
 * Grants a member another role in the organization.
 * @throws 404, 403 for `owner` or a role with permissions the actor lacks, 409 if the member has it.
 */
export function grantMemberRole(
  { db }: Context,
  { environment_id, organization_id, membership_id, role_id }: MemberRole,
  actor: Actor,
): Promise<MembershipRole> {
  return transaction(db, async (trx) => {
    await Organization.lock(trx, environment_id, organization_id);
    const held = await requirePermissionNow(trx, actor, organization_id, "members:manage");
    const membership = await Membership.query(trx).findById(membership_id).where({ organization_id });
    if (membership === undefined) throw notFound("membership", { pointer: "/data/relationships/membership" });
    const pointer = "/data/relationships/role";
    await requireGrantable(trx, { environment_id, organization_id, role_ids: [role_id], held, pointer });
    const row = { id: newId("orguserrole"), environment_id, membership_id, role_id };
    const granted = await insertUnlessExists(MembershipRole, trx, row);
    if (granted === undefined) throw conflict("role_granted", "The member already has this role.");
    await recordEvent(trx, actor, "membership_role.created", membership, { role_id });
    return granted;
  });
}

/**
 * Revokes a role from a member and, in the same transaction, the pending invitations they could no longer send.
 * @throws 404, 403 if the actor has just lost the right, 409 for the role owner, which is transferred instead.
 */
export function revokeMemberRole(
  { db }: Context,
  { id, environment_id, organization_id }: { id: string; environment_id: string; organization_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    await Organization.lock(trx, environment_id, organization_id);
    await requirePermissionNow(trx, actor, organization_id, "members:manage");
    const grant = await MembershipRole.query(trx).findById(id).where({ environment_id });
    if (grant === undefined) throw notFound("membership role");
    const { membership_id, role_id } = grant;
    const membership = await Membership.query(trx).findOne({ id: membership_id, organization_id });
    if (membership === undefined) throw notFound("membership role");
    const role = await Role.query(trx).findById(role_id).throwIfNotFound();
    if (role.is_system && role.name === "owner") {
      const detail = "The owner's role can't be revoked: transfer the ownership instead.";
      throw conflict("owner_stays", detail);
    }
    await MembershipRole.query(trx).deleteById(id);
    const { user_id: inviter_user_id } = membership;
    await revokeUnsendable(trx, actor, { environment_id, organization_id, inviter_user_id });
    await recordEvent(trx, actor, "membership_role.deleted", membership, { role_id });
  });
}
