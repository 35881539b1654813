import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, type NewEvent, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { Role } from "../models/role.ts";
import { type HeldPermissions, requireGrantable, requireWithin } from "../roles/require-grantable.ts";
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
  /** Where in the request they stand. */
  pointer?: string;
}

/**
 * Changes a membership in one transaction: replaces its metadata, its roles, or both; what is not given stays. Roles that
 * go take the pending invitations with them that the member could no longer send.
 * @returns how many invitations were revoked.
 * @throws 404, 403 when the right is lost meanwhile and for roles beyond the actor's own rights, be they given or taken,
 *   409 when the owner would lose the role owner.
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
    await Membership.query(trx)
      .findById(id)
      .patch(metadata === undefined ? {} : { metadata });
    const about = { environment_id, organization_id, subject_id: id };
    const events: NewEvent[] = [];
    let revoked = 0;
    if (metadata !== undefined || role_ids === undefined)
      events.push({ type: "membership.updated", ...about });
    if (role_ids !== undefined) {
      const { given, taken } = await replaceRoles(trx, membership, [...new Set(role_ids)], {
        held,
        pointer,
      });
      if (taken.length > 0)
        revoked = await revokeUnsendable(trx, actor, {
          environment_id,
          organization_id,
          inviter_user_id: membership.user_id,
        });
      for (const role_id of given)
        events.push({ type: "membership_role.created", ...about, data: { role_id } });
      for (const role_id of taken)
        events.push({ type: "membership_role.deleted", ...about, data: { role_id } });
    }
    await recordEvents(trx, actor, events);
    return revoked;
  });
}

async function replaceRoles(
  trx: Knex.Transaction,
  membership: Membership,
  wanted: string[],
  { held, pointer }: { held: HeldPermissions; pointer: string | undefined },
): Promise<{ given: string[]; taken: string[] }> {
  const { id: membership_id, environment_id, organization_id } = membership;
  const rows = await MembershipRole.query(trx).where({ membership_id }).orderBy("role_id");
  const had = rows.map(({ role_id }) => role_id);
  const given = wanted.filter((id) => !had.includes(id));
  const taken = had.filter((id) => !wanted.includes(id));
  await requireGrantable(trx, { environment_id, organization_id, role_ids: given, held, pointer });
  const goes = await Role.query(trx).modify("withPermissionNames").whereIn("roles.id", taken);
  if (goes.some(({ is_system, name }) => is_system && name === "owner"))
    throw conflict(
      "owner_stays",
      "The owner's role can't be taken away: leave it among the roles, or transfer the ownership.",
      pointer === undefined ? undefined : { pointer },
    );
  const lost = goes.flatMap(({ permission_names = [] }) => permission_names);
  requireWithin(held, lost, pointer);
  await MembershipRole.query(trx).where({ membership_id }).whereIn("role_id", taken).delete();
  await Membership.grant(trx, membership, given);
  return { given, taken };
}
