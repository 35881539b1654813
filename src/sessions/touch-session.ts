import type { Knex } from "knex";
import { raw } from "objection";
import { conflict, notFound } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { Session } from "../models/session.ts";
import { ownedBy, requireManageable, type SessionKey } from "./session-key.ts";

/** Notes that a session is in use: no event, for nothing has changed. @throws 404, 403, 409 when it has ended. */
export async function touchSession(db: Knex, key: SessionKey, actor: Actor): Promise<void> {
  await requireManageable(db, key, actor);
  const touched = await Session.query(db)
    .where(ownedBy(key))
    .whereNull("revoked_at")
    .where("expires_at", ">", raw("now()"))
    .patch({ last_active_at: raw("now()") });
  if (touched > 0) return;
  if ((await Session.query(db).findOne(ownedBy(key))) === undefined) throw notFound("session");
  throw conflict("session_ended", "The session was revoked or has expired.");
}
