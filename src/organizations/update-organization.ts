import { UniqueViolationError } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { forbidden } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { Organization } from "../models/organization.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { type NewOrganization, organizationExists, refuseProgramAttributes } from "./create-organization.ts";

export type OrganizationChange = Partial<
  Omit<NewOrganization, "environment_id" | "owner_user_id" | "owner_address">
>;

/**
 * Changes an organization's details. Among its members only the owner changes `member_management`; otherwise admins could
 * give themselves the right to manage members.
 * @throws 403, also if the actor has just lost the right, and for attributes that only programs may set; 404, 409 if the
 *   slug or external_id is taken.
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
    const { member_management = before.member_management } = change;
    const isOwner = before.owner_user_id === actor.user_id;
    if (actor.kind === "user" && !isOwner && member_management !== before.member_management) {
      const pointer = "/data/attributes/member_management";
      throw forbidden("owner_only", "Only the owner decides who manages members.", { pointer });
    }
    const [organization] = await Organization.query(trx)
      .patch(change)
      .where({ id })
      .returning("*")
      .castTo<[Organization]>();
    // Admins who may no longer manage members lose the invitations they sent.
    if (change.member_management === "owner")
      await revokeUnsendable(trx, actor, { environment_id, organization_id: id });
    const subject = { id, environment_id, organization_id: id };
    await recordEvent(trx, actor, "organization.updated", subject, { changed: Object.keys(change) });
    return organization;
  }).catch((error: unknown) => {
    throw error instanceof UniqueViolationError ? organizationExists() : error;
  });
}
