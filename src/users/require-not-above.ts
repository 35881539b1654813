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
 * Refuses to manage a user who has permissions the actor lacks, because the actor could gain them through that user. Call
 * it after `requirePermissionNow`, which keeps the actor's permissions from changing. Programs are limited by their
 * scopes only.
 * @param actsAsThem whether the actor could act as the user afterwards, with a session or address of theirs. Then the
 *   user's permissions in each of their organizations count too, and an owner is above everyone.
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
    "This user has permissions you don't have, so you can't manage them. Ask the operator, or someone who has those permissions.";
  throw forbidden("user_exceeds_own", detail);
}
