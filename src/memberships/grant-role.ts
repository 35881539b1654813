import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { currentCeiling } from "../roles/current-ceiling.ts";
import { requireGrantable } from "../roles/require-grantable.ts";

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
    const ceiling = await currentCeiling(trx, actor, organization_id, "members:manage");
    const membership = await Membership.query(trx).findById(membership_id).where({ organization_id });
    if (membership === undefined) throw notFound("membership", { pointer: "/data/relationships/membership" });
    const pointer = "/data/relationships/role";
    await requireGrantable(trx, { environment_id, organization_id, role_ids: [role_id], ceiling, pointer });
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
