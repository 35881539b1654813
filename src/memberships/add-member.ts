import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { requireInvitingAllowed } from "../invitations/mail-limits.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { User } from "../models/user.ts";
import { findSystemRole } from "../roles/find-system-role.ts";
import { requireGrantable } from "../roles/require-grantable.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";

export interface NewMember {
  environment_id: string;
  organization_id: string;
  user_id: string;
  metadata: Record<string, unknown>;
  /** Empty: the system role `member`. */
  role_ids: string[];
}

/**
 * Makes an existing user a member at once, without an email.
 * @throws 404 for an unknown organization, user or role, 403 for a role with permissions the actor lacks, 409 if the
 *   user is a member, 429 if the actor could not invite them now.
 */
export function addMember({ db }: Context, member: NewMember, actor: Actor): Promise<Membership> {
  const { environment_id, organization_id, user_id } = member;
  return transaction(db, async (trx) => {
    await Organization.lock(trx, environment_id, organization_id);
    const held = await requirePermissionNow(trx, actor, organization_id, "members:manage");
    const user = await User.query(trx).findById(user_id).where({ environment_id });
    if (user === undefined) throw notFound("user", { pointer: "/data/relationships/user" });
    // Adding people has the same limits as inviting them.
    const { email_canonical } = user;
    if (actor.kind === "user")
      await requireInvitingAllowed(trx, { environment_id, organization_id, email_canonical }, actor);
    const named = member.role_ids.length > 0;
    const role_ids = named ? member.role_ids : [(await findSystemRole(trx, environment_id, "member")).id];
    const pointer = named ? "/data/relationships/roles" : "/data";
    await requireGrantable(trx, { environment_id, organization_id, role_ids, held, pointer });
    const membership = await Membership.join(trx, { ...member, role_ids });
    if (membership === undefined)
      throw conflict("already_member", "This user is already a member of the organization.");
    await recordEvent(trx, actor, "membership.created", membership, { user_id });
    return membership;
  });
}
