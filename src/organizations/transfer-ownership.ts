import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { findSystemRole } from "../roles/find-system-role.ts";

/**
 * Makes another member the owner in one transaction, so that there is always exactly one; the former owner becomes admin.
 * Transferring to the present owner changes nothing.
 * @throws 404 if the user isn't a member, 409 if the owner has just changed.
 */
export function transferOwnership(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  newOwnerId: string,
  { actor, expectedOwnerId }: { actor: Actor; expectedOwnerId: string | null },
): Promise<Organization> {
  return transaction(db, async (trx) => {
    const organization = await Organization.lock(trx, environment_id, id);
    const formerId = organization.owner_user_id;
    if (expectedOwnerId !== null && formerId !== expectedOwnerId) {
      throw conflict("owner_changed", "You are no longer the owner.");
    }
    if (formerId === newOwnerId) return organization;
    const next = await Membership.query(trx).findOne({ organization_id: id, user_id: newOwnerId });
    if (next === undefined) throw notFound("member of this organization", { pointer: "/meta/user_id" });

    const [owner, admin] = [
      await findSystemRole(trx, environment_id, "owner"),
      await findSystemRole(trx, environment_id, "admin"),
    ];
    const former =
      formerId === null
        ? undefined
        : await Membership.query(trx).findOne({ organization_id: id, user_id: formerId });
    if (former !== undefined) {
      await MembershipRole.query(trx).where({ membership_id: former.id, role_id: owner.id }).delete();
      await Membership.grant(trx, former, [admin.id]);
    }
    await Membership.grant(trx, next, [owner.id]);
    await Organization.query(trx).findById(id).patch({ owner_user_id: newOwnerId });
    const here = { environment_id, organization_id: id };
    // There is an owner now, so nobody can accept an invitation to be the first.
    if (formerId === null) await revokeUnsendable(trx, actor, here, { gives: [owner.id] });
    else await revokeUnsendable(trx, actor, { ...here, inviter_user_id: formerId });
    const data = { from: formerId, to: newOwnerId };
    await recordEvent(trx, actor, "organization.ownership_transferred", { id, ...here }, data);
    return Organization.query(trx).findById(id).throwIfNotFound();
  });
}

/** Refuses anyone else who may delete the organization, because they must not take it over. @throws 403. */
export function requireOwner(access: { isOwner: boolean } | undefined): void {
  if (!access?.isOwner) throw forbidden("owner_only", "Only the owner can transfer the ownership.");
}
