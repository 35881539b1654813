import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
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
 * Makes an existing user a member at once, without a mail.
 * @throws 404 when organization, user or a role is not of this environment, 403 for a role beyond the giver's own rights,
 *   409 when the user is a member already, 429 for a giver who could not invite them now.
 */
export function addMember({ db }: Context, member: NewMember, actor: Actor): Promise<Membership> {
  const { environment_id, organization_id, user_id } = member;
  return transaction(db, async (trx) => {
    await Organization.lock(trx, environment_id, organization_id);
    const held = await requirePermissionNow(trx, actor, organization_id, "members:manage");
    const user = await User.query(trx).findById(user_id).where({ environment_id });
    if (user === undefined) throw notFound("user", { pointer: "/data/relationships/user" });
    // To add is to invite in another way.
    const { email_canonical } = user;
    if (actor.kind === "user")
      await requireInvitingAllowed(trx, { environment_id, organization_id, email_canonical }, actor);
    const given = member.role_ids.length > 0;
    const role_ids = given ? member.role_ids : [(await findSystemRole(trx, environment_id, "member")).id];
    const pointer = given ? "/data/relationships/roles" : "/data";
    await requireGrantable(trx, { environment_id, organization_id, role_ids, held, pointer });
    const membership = await Membership.join(trx, { ...member, role_ids });
    if (membership === undefined) {
      throw conflict("already_member", "This user is a member of the organization already.");
    }
    await recordEvents(trx, actor, [
      {
        type: "membership.created",
        environment_id,
        organization_id,
        subject_id: membership.id,
        data: { user_id },
      },
    ]);
    return membership;
  });
}
