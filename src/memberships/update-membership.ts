import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Organization } from "../models/organization.ts";
import { currentCeiling } from "../roles/current-ceiling.ts";

export interface MembershipKey {
  id: string;
  environment_id: string;
  organization_id: string;
}

/** Replaces a membership's metadata. @throws 404, 403 when the right is lost meanwhile. */
export function updateMembership(
  { db }: Context,
  { id, environment_id, organization_id }: MembershipKey,
  metadata: Record<string, unknown> | undefined,
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    await Organization.lock(trx, environment_id, organization_id);
    await currentCeiling(trx, actor, organization_id, "members:manage");
    const changed = await trx("memberships")
      .where({ id, organization_id })
      .update({ ...(metadata === undefined ? {} : { metadata }), updated_at: trx.fn.now() });
    if (changed === 0) throw notFound("membership");
    await recordEvents(trx, actor, [
      { type: "membership.updated", environment_id, organization_id, subject_id: id },
    ]);
  });
}
