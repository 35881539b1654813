import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { InvitationRole } from "../models/join-tables.ts";
import { Role } from "../models/role.ts";
import { lockManageableRole, type RoleKey, refuseSystemRole } from "./role-guards.ts";

const findUse = statement<{ in_use: boolean }, { id: string }>(
  "find-use-of-role",
  { id: "text" },
  `
  select exists (select from membership_roles where role_id = :id) or exists (select from user_roles where role_id = :id)
    or exists (
      select from invitation_roles ir join invitations i on i.id = ir.invitation_id
      join organizations o on o.id = i.organization_id and o.deleting_at is null
      where ir.role_id = :id and i.status = 'pending'
    ) as in_use`,
);

/**
 * Deletes a role nobody has and no pending invitation gives; closed invitations forget that they would have.
 * @throws 404, 403 for a system role or one above the actor, 409 when it is in use. The foreign keys are RESTRICT should somebody be faster.
 */
export function deleteRole({ db }: Context, key: RoleKey, actor: Actor): Promise<void> {
  return transaction(db, async (trx) => {
    const role = await lockManageableRole(trx, key, actor);
    refuseSystemRole(role);
    const { id, environment_id, organization_id, name } = role;
    const [use] = await findUse(trx, { id });
    if (use?.in_use)
      throw conflict(
        "role_in_use",
        "Somebody has this role, or a pending invitation gives it: take it away first.",
      );
    await InvitationRole.query(trx).where({ role_id: id }).delete();
    await Role.query(trx).deleteById(id);
    await recordEvents(trx, actor, [
      { type: "role.deleted", environment_id, organization_id, subject_id: id, data: { name } },
    ]);
  });
}
