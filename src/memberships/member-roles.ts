import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { Role } from "../models/role.ts";
import { requireGrantable } from "../roles/require-grantable.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";

export interface RoleGrant {
  environment_id: string;
  organization_id: string;
  membership_id: string;
  role_id: string;
}

/**
 * Gives a member another role in the organization.
 * @throws 404, 403 for `owner` or a role beyond the giver's own rights, 409 when the member has it.
 */
export function grantRole(
  { db }: Context,
  { environment_id, organization_id, membership_id, role_id }: RoleGrant,
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
    if (granted === undefined) throw conflict("role_granted", "The member has this role already.");
    await recordEvents(trx, actor, [
      {
        type: "membership_role.created",
        environment_id,
        organization_id,
        subject_id: membership_id,
        data: { role_id },
      },
    ]);
    return granted;
  });
}

/**
 * Takes a role from a member, and in the same transaction the pending invitations they could no longer send.
 * @throws 404, 403 when the right is lost meanwhile, 409 for the role owner, which is transferred instead.
 */
export function withdrawRole(
  { db }: Context,
  { id, environment_id, organization_id }: { id: string; environment_id: string; organization_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    await Organization.lock(trx, environment_id, organization_id);
    await requirePermissionNow(trx, actor, organization_id, "members:manage");
    const grant = await MembershipRole.query(trx).findById(id).where({ environment_id });
    const membership = await Membership.query(trx).findOne({
      id: grant?.membership_id ?? "",
      organization_id,
    });
    if (grant === undefined || membership === undefined) throw notFound("membership role");
    const role = await Role.query(trx).findById(grant.role_id).throwIfNotFound();
    if (role.is_system && role.name === "owner") {
      throw conflict("owner_stays", "The owner's role can't be taken away: transfer the ownership instead.");
    }
    await MembershipRole.query(trx).deleteById(id);
    await revokeUnsendable(trx, actor, {
      environment_id,
      organization_id,
      inviter_user_id: membership.user_id,
    });
    await recordEvents(trx, actor, [
      {
        type: "membership_role.deleted",
        environment_id,
        organization_id,
        subject_id: membership.id,
        data: { role_id: role.id },
      },
    ]);
  });
}
