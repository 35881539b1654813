import { UniqueViolationError } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { forbidden } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { Organization } from "../models/organization.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { type NewOrganization, organizationExists, refuseProgramAttributes } from "./create-organization.ts";

export type OrganizationChange = Partial<
  Omit<NewOrganization, "environment_id" | "owner_user_id" | "owner_address">
>;

/**
 * Changes details; what is not given stays. Of the members only the owner decides who manages members, or an admin
 * could give the right to themselves.
 * @throws 403, also for what is for programs and when the right is lost meanwhile, 404, 409 when slug or external_id is taken.
 */
export function updateOrganization(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  change: OrganizationChange,
  actor: Actor,
): Promise<Organization> {
  refuseProgramAttributes(change, actor);
  return transaction(db, async (trx) => {
    const before = await Organization.lock(trx, environment_id, id);
    await requirePermissionNow(trx, actor, id, "organization:update");
    const mayOpen = actor.kind !== "user" || before.owner_user_id === actor.user_id;
    if (
      change.member_management !== undefined &&
      change.member_management !== before.member_management &&
      !mayOpen
    ) {
      const pointer = "/data/attributes/member_management";
      throw forbidden("owner_only", "Only the owner decides who manages members.", { pointer });
    }
    const [organization] = await Organization.query(trx)
      .patch(change)
      .where({ id })
      .returning("*")
      .castTo<[Organization]>();
    // Admins who lose the right to manage members lose the invitations they sent with it.
    if (change.member_management === "owner")
      await revokeUnsendable(trx, actor, { environment_id, organization_id: id });
    await recordEvents(trx, actor, [
      {
        type: "organization.updated",
        environment_id,
        organization_id: id,
        subject_id: id,
        data: { changed: Object.keys(change) },
      },
    ]);
    return organization;
  }).catch((error: unknown) => {
    if (error instanceof UniqueViolationError) throw organizationExists();
    throw error;
  });
}
