import type { Knex } from "knex";
import type { Actor } from "../events/record-events.ts";
import { Session } from "../models/session.ts";
import { currentCeiling } from "../roles/current-ceiling.ts";
import { requireNotAbove } from "../users/require-not-above.ts";

export interface SessionKey {
  id: string;
  environment_id: string;
  /** Only this user's; null: anybody's. */
  user_id: string | null;
}

/** The columns by which a session is found. */
export function ownedBy({ id, environment_id, user_id }: SessionKey): Record<string, string> {
  return { id, environment_id, ...(user_id === null ? {} : { user_id }) };
}

/**
 * Refuses a session whose user is above the actor, and any but their own to an actor who may manage none by now. One
 * that isn't there is left to the statement that looks for it.
 * @throws 403.
 */
export async function requireManageable(db: Knex, key: SessionKey, actor: Actor): Promise<void> {
  if (actor.kind !== "user" || key.user_id !== null) return;
  const session = await Session.query(db).findOne(ownedBy(key));
  if (session === undefined || session.user_id === actor.user_id) return;
  await currentCeiling(db, actor, null, "sessions:manage");
  await requireNotAbove(db, actor, session.user_id, { actsAsThem: false });
}
