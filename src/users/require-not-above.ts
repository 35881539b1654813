import type { Knex } from "knex";
import { forbidden } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";

/**
 * Nobody manages a user who may do more than they may themselves: they could come to it by that user. Programs act by
 * their scopes. To be called once `currentCeiling` holds the actor's rights.
 * @param actsAsThem whether the actor could act as the user afterwards, by a session or an address of theirs. Then what
 *   the user may do in each of their organizations counts as well, and an owner is above everybody: what is the
 *   owner's alone, no permission gives.
 * @throws 403.
 */
export async function requireNotAbove(
  db: Knex,
  { kind, user_id }: Pick<Actor, "kind" | "user_id">,
  targetId: string,
  { actsAsThem }: { actsAsThem: boolean },
): Promise<void> {
  if (kind !== "user" || user_id === targetId) return;
  const { rows } = await db.raw<{ rows: Array<{ is_above: boolean }> }>(
    `select exists (
       select from permissions_in(:target, null) as name
       where not exists (select from permissions_in(:actor, null) as own where own = name)
     ) or :actsAsThem and (
       exists (select from organizations where owner_user_id = :target)
       or exists (
         select from memberships m cross join permissions_in(:target, m.organization_id) as name
         where m.user_id = :target
           and not exists (select from permissions_in(:actor, m.organization_id) as own where own = name)
       )
     ) as is_above`,
    { target: targetId, actor: user_id, actsAsThem },
  );
  if (!rows[0]?.is_above) return;
  const detail =
    "This user may do something you may not, so you can't manage them. Ask the operator, or somebody who may do it all.";
  throw forbidden("user_exceeds_own", detail);
}
