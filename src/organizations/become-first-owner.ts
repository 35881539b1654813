import type { Knex } from "knex";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { MembershipRole } from "../models/join-tables.ts";
import type { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { findSystemRole } from "../roles/find-system-role.ts";

/**
 * Makes a member the owner of an organization without one, if they have just been granted the role owner, and revokes the
 * other invitations to be its owner. Does nothing for a member without that role.
 */
export async function becomeFirstOwner(
  trx: Knex.Transaction,
  {
    id: membership_id,
    environment_id,
    organization_id,
    user_id,
  }: Pick<Membership, "id" | "environment_id" | "organization_id" | "user_id">,
  actor: Actor,
): Promise<void> {
  const owner = await findSystemRole(trx, environment_id, "owner");
  const role = await MembershipRole.query(trx).findOne({ membership_id, role_id: owner.id });
  if (role === undefined) return;
  await Organization.query(trx).findById(organization_id).patch({ owner_user_id: user_id });
  await revokeUnsendable(trx, actor, { environment_id, organization_id }, { gives: [owner.id] });
  const organization = { id: organization_id, environment_id, organization_id };
  await recordEvent(trx, actor, "organization.ownership_transferred", organization, {
    from: null,
    to: user_id,
  });
}
