import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { forbidden } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";

const findAbove = statement<
  { is_above: boolean },
  { target_id: string; user_id: string | null; acts_as_them: boolean }
>(
  "is-above",
  { target_id: "text", user_id: "text", acts_as_them: "boolean" },
  "select is_above(:target_id, :user_id, :acts_as_them) as is_above",
);

/**
 * Nobody manages a user who may do more than they may themselves: they could come to it by that user. Programs act by
 * their scopes. To be called once `requirePermissionNow` holds the actor's rights.
 * @param actsAsThem whether the actor could act as the user afterwards, by a session or an address of theirs. Then what
 *   the user may do in each of their organizations counts as well, and an owner is above everybody.
 * @throws 403.
 */
export async function requireNotAbove(
  db: Knex,
  { kind, user_id }: Pick<Actor, "kind" | "user_id">,
  targetId: string,
  { actsAsThem }: { actsAsThem: boolean },
): Promise<void> {
  if (kind !== "user" || user_id === targetId) return;
  const [found] = await findAbove(db, { target_id: targetId, user_id, acts_as_them: actsAsThem });
  if (!found?.is_above) return;
  const detail =
    "This user has rights you don't have, so you can't manage them. Ask the operator, or somebody who has those rights.";
  throw forbidden("user_exceeds_own", detail);
}
