import type { Knex } from "knex";
import { raw } from "objection";
import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { inChunks } from "../lib/in-chunks.ts";
import { Session } from "../models/session.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { requireNotAbove } from "../users/require-not-above.ts";
import { sessionEvent } from "./create-session.ts";

/** Records that a session is in use. Writes no event, because nothing has changed. @throws 404, 403, 409 when it has ended. */
export async function touchSession(db: Knex, key: SessionKey, actor: Actor): Promise<void> {
  await requireManageable(db, key, actor);
  const touched = await Session.query(db)
    .where(ownedBy(key))
    .whereNull("revoked_at")
    .where("expires_at", ">", raw("now()"))
    .patch({ last_active_at: raw("now()") });
  if (touched > 0) return;
  await requireExisting(db, key);
  throw conflict("session_ended", "The session was revoked or has expired.");
}

/** Ends a session at once. Ending it again changes nothing, not even its end. @throws 404, 403. */
export function revokeSession({ db }: Context, key: SessionKey, actor: Actor): Promise<void> {
  return transaction(db, async (trx) => {
    await requireManageable(trx, key, actor);
    const [revoked] = await Session.query(trx)
      .where(ownedBy(key))
      .whereNull("revoked_at")
      .patch({ revoked_at: raw("now()") })
      .returning("user_id");
    if (revoked === undefined) return requireExisting(trx, key);
    await recordEvents(trx, actor, [sessionEvent("session.revoked", { ...key, user_id: revoked.user_id })]);
  });
}

/**
 * Ends and deletes a session.
 * @throws 404, 403 if its user is above the actor, 409 while the service it comes from may still vouch for it,
 *   because a deleted session would start again.
 */
export function deleteSession({ db }: Context, key: SessionKey, actor: Actor): Promise<void> {
  return transaction(db, async (trx) => {
    await requireManageable(trx, key, actor);
    const [deleted] = await Session.query(trx)
      .where(ownedBy(key))
      .whereRaw("(validated_until is null or expires_at < now())")
      .delete()
      .returning("user_id");
    if (deleted === undefined) {
      await requireExisting(trx, key);
      const detail = "The session comes from another service and would start again: revoke it instead.";
      throw conflict("session_of_identity", detail);
    }
    await recordEvents(trx, actor, [sessionEvent("session.deleted", { ...key, user_id: deleted.user_id })]);
  });
}

interface SessionKey {
  id: string;
  environment_id: string;
  /** The only user whose session it may be. Null for any user's. */
  user_id: string | null;
}

function ownedBy({ id, environment_id, user_id }: SessionKey): Record<string, string> {
  return { id, environment_id, ...(user_id === null ? {} : { user_id }) };
}

async function requireExisting(db: Knex, key: SessionKey): Promise<void> {
  if ((await Session.query(db).findOne(ownedBy(key))) === undefined) throw notFound("session");
}

/**
 * Refuses a session whose user is above the actor. Refuses any session but the actor's own if they can't manage
 * sessions any more. A missing session is left to the statement that looks for it.
 * @throws 403.
 */
async function requireManageable(db: Knex, key: SessionKey, actor: Actor): Promise<void> {
  if (actor.kind !== "user" || key.user_id !== null) return;
  const session = await Session.query(db).findOne(ownedBy(key));
  if (session === undefined || session.user_id === actor.user_id) return;
  await requirePermissionNow(db, actor, null, "sessions:manage");
  await requireNotAbove(db, actor, session.user_id, { actsAsThem: false });
}

const CHUNK = 1_000;

/** Days an ended session is kept, so that people can find out what happened. */
const KEPT_DAYS = 30;

const purgeChunk = statement<{ purged: number }, { limit: number; days: number }>(
  "purge-sessions",
  { limit: "int", days: "int" },
  `
  with purged as (
    delete from sessions where id in (
      select id from sessions
      where least(expires_at, revoked_at) < now() - make_interval(days => :days)
        and (validated_until is null or expires_at < now() - make_interval(days => :days))
      limit :limit
    )
    returning id
  )
  select count(*)::int as purged from purged`,
);

/**
 * Removes sessions that ended long ago. A session of another service that was revoked here stays until it has ended
 * there, too. Otherwise it would be valid again.
 * @param aborted called before each chunk; true stops the purge.
 * @returns the number of removed sessions.
 */
export function purgeSessions(db: Knex, aborted: () => boolean): Promise<number> {
  return inChunks(CHUNK, aborted, async () => {
    const [{ purged = 0 } = {}] = await purgeChunk(db, { limit: CHUNK, days: KEPT_DAYS });
    return purged;
  });
}
