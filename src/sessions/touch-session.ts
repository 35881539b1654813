import type { Knex } from "knex";
import { conflict, notFound } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { ownedBy, requireManageable, type SessionKey } from "./session-key.ts";

/** Notes that a session is in use: no event, for nothing has changed. @throws 404, 403, 409 when it has ended. */
export async function touchSession(db: Knex, key: SessionKey, actor: Actor): Promise<void> {
  await requireManageable(db, key, actor);
  const touched = await db("sessions")
    .where(ownedBy(key))
    .whereNull("revoked_at")
    .where("expires_at", ">", db.fn.now())
    .update({ last_active_at: db.fn.now(), updated_at: db.fn.now() });
  if (touched > 0) return;
  if ((await db("sessions").where(ownedBy(key)).first("id")) === undefined) throw notFound("session");
  throw conflict("session_ended", "The session was revoked or has expired.");
}
