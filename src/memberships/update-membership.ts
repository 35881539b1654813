import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, type EventType, recordEvent, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { Role } from "../models/role.ts";
import { type HeldPermissions, requireGrantable, requireHeld } from "../roles/require-grantable.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";

export interface MembershipKey {
  id: string;
  environment_id: string;
  organization_id: string;
}

export interface MembershipChange {
  metadata?: Record<string, unknown> | undefined;
  /** All the roles the member is to have. */
  role_ids?: string[] | undefined;
  /** Where the request names them. */
  pointer?: string;
}

/**
 * Changes a membership in one transaction: its metadata, its roles, or both. If the member loses roles, their pending
 * invitations that they could no longer send are revoked.
 * @returns the number of revoked invitations.
 * @throws 404, 403 if the actor has just lost the right, and for granting or revoking roles with permissions they lack,
 *   409 if the owner would lose the role owner.
 */
export function updateMembership(
  { db }: Context,
  { id, environment_id, organization_id }: MembershipKey,
  { metadata, role_ids, pointer }: MembershipChange,
  actor: Actor,
): Promise<number> {
  return transaction(db, async (trx) => {
    await Organization.lock(trx, environment_id, organization_id);
    const held = await requirePermissionNow(trx, actor, organization_id, "members:manage");
    const membership = await Membership.query(trx).findOne({ id, organization_id });
    if (membership === undefined) throw notFound("membership");
    await Membership.query(trx).findById(id).patch({ metadata });
    if (metadata !== undefined || role_ids === undefined)
      await recordEvent(trx, actor, "membership.updated", membership);
    if (role_ids === undefined) return 0;
    const roles = { wanted: [...new Set(role_ids)], held, pointer };
    const { granted, revoked } = await replaceRoles(trx, membership, roles);
    const concerned = { environment_id, organization_id, inviter_user_id: membership.user_id };
    const unsendable = revoked.length === 0 ? 0 : await revokeUnsendable(trx, actor, concerned);
    const event = (type: EventType) => (role_id: string) => ({
      type,
      environment_id,
      organization_id,
      subject_id: id,
      data: { role_id },
    });
    await recordEvents(trx, actor, [
      ...granted.map(event("membership_role.created")),
      ...revoked.map(event("membership_role.deleted")),
    ]);
    return unsendable;
  });
}

/** @returns the ids of the roles the member gains, and of those they lose. */
async function replaceRoles(
  trx: Knex.Transaction,
  membership: Membership,
  { wanted, held, pointer }: { wanted: string[]; held: HeldPermissions; pointer: string | undefined },
): Promise<{ granted: string[]; revoked: string[] }> {
  const { id: membership_id, environment_id, organization_id } = membership;
  const rows = await MembershipRole.query(trx).where({ membership_id }).orderBy("role_id");
  const had = rows.map(({ role_id }) => role_id);
  const granted = wanted.filter((id) => !had.includes(id));
  const revoked = had.filter((id) => !wanted.includes(id));
  await requireGrantable(trx, { environment_id, organization_id, role_ids: granted, held, pointer });
  const lost = await Role.query(trx).modify("withPermissionNames").whereIn("roles.id", revoked);
  if (lost.some(({ is_system, name }) => is_system && name === "owner")) {
    const detail = "The owner's role can't be revoked: leave it among the roles, or transfer the ownership.";
    throw conflict("owner_stays", detail, pointer === undefined ? undefined : { pointer });
  }
  const names = lost.flatMap(({ permission_names = [] }) => permission_names);
  requireHeld(held, names, pointer);
  await MembershipRole.query(trx).where({ membership_id }).whereIn("role_id", revoked).delete();
  await Membership.grant(trx, membership, granted);
  return { granted, revoked };
}
