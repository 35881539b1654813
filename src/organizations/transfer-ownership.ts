import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { findSystemRole } from "../roles/find-system-role.ts";

/**
 * Makes another member the owner, in one transaction; the former owner becomes admin. At no moment are there two or
 * none. Transferring to the owner changes nothing.
 * @throws 404 when the user is no member, 409 for an organization whose owner changed meanwhile.
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
      throw conflict("owner_changed", "You are the owner no longer: somebody was faster.");
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
    // Who was invited to be the first owner comes too late.
    if (formerId === null) await revokeUnsendable(trx, actor, here, { gives: [owner.id] });
    else await revokeUnsendable(trx, actor, { ...here, inviter_user_id: formerId });
    await recordEvents(trx, actor, [
      {
        type: "organization.ownership_transferred",
        environment_id,
        organization_id: id,
        subject_id: id,
        data: { from: formerId, to: newOwnerId },
      },
    ]);
    return Organization.query(trx).findById(id).throwIfNotFound();
  });
}

/** Whoever may delete the organization by another role may not take it over. @throws 403. */
export function requireOwner(access: { isOwner: boolean } | undefined): void {
  if (!access?.isOwner) throw forbidden("owner_only", "Only the owner transfers the ownership.");
}
