import type { Knex } from "knex";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { MembershipRole } from "../models/join-tables.ts";
import type { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { findSystemRole } from "../roles/find-system-role.ts";

/**
 * Makes a member who has the role owner the owner of an organization without one, inside the transaction that gave the
 * role. Others who are invited to be its owner come too late: their invitations are revoked. Anybody else stays a member.
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
  await recordEvents(trx, actor, [
    {
      type: "organization.ownership_transferred",
      environment_id,
      organization_id,
      subject_id: organization_id,
      data: { from: null, to: user_id },
    },
  ]);
}
