import type { SystemRoleName } from "../access/permissions.ts";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { badRequest, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { Role } from "../models/role.ts";
import { findSystemRole } from "../roles/find-system-role.ts";
import { requireGrantable } from "../roles/require-grantable.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";

export interface RoleChange {
  environment_id: string;
  organization_id: string;
  membership_id: string;
  role: Exclude<SystemRoleName, "owner">;
}

/**
 * Replaces a member's system roles by one of them; other roles stay. In the same transaction it revokes the pending
 * invitations they could no longer send.
 * @throws 400 for the owner and for the actor themselves, 403 for a role with permissions the actor lacks, 404.
 */
export function changeRole(
  { db }: Pick<Context, "db">,
  { environment_id, organization_id, membership_id, role }: RoleChange,
  actor: Actor,
): Promise<Membership> {
  return transaction(db, async (trx) => {
    const organization = await Organization.lock(trx, environment_id, organization_id);
    const held = await requirePermissionNow(trx, actor, organization_id, "members:manage");
    const membership = await Membership.query(trx).findOne({ id: membership_id, organization_id });
    if (membership === undefined) throw notFound("member");
    const { user_id } = membership;
    if (organization.owner_user_id === user_id)
      throw badRequest("owner_role_fixed", "Cannot change the owner's role");
    if (actor.user_id === user_id) throw badRequest("own_role_fixed", "Cannot change your own role");
    const { id: role_id } = await findSystemRole(trx, environment_id, role);
    const role_ids = [role_id];
    await requireGrantable(trx, { environment_id, organization_id, role_ids, held, pointer: "/role" });

    const others = Role.query(trx)
      .where({ environment_id, is_system: true })
      .whereNot({ id: role_id })
      .select("id");
    await MembershipRole.query(trx).where({ membership_id }).whereIn("role_id", others).delete();
    await Membership.grant(trx, membership, role_ids);
    await revokeUnsendable(trx, actor, { environment_id, organization_id, inviter_user_id: user_id });
    await recordEvent(trx, actor, "membership.updated", membership, { user_id, role });
    return membership;
  });
}
