import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, type EventType, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { hashToken, randomToken } from "../lib/random-token.ts";
import { Session } from "../models/session.ts";
import { User } from "../models/user.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { requireNotAbove } from "../users/require-not-above.ts";

/** Describes what happened to a session. */
export function sessionEvent(
  type: EventType,
  { id: subject_id, environment_id, user_id }: Pick<Session, "id" | "environment_id" | "user_id">,
) {
  return { type, environment_id, organization_id: null, subject_id, data: { user_id } };
}

interface NewSession {
  environment_id: string;
  user_id: string;
  ip?: string | null;
  user_agent?: string | null;
  /** The session of the request. If another user started it, that user counts as the starter of this one, too. */
  in_session?: string | null;
}

/**
 * Starts a session of 30 days. A session that a user starts for another user works only while they could still start
 * it: not once the other user gains a right that they lack, and not once they lose the right to start sessions.
 * @returns the row, and the token, which is never shown again.
 * @throws 404 if the user isn't in this environment, 403 if the actor may not do this any more, or the user is above
 *   them.
 */
export async function createSession(
  { db }: Pick<Context, "db">,
  { environment_id, user_id, ip = null, user_agent = null, in_session = null }: NewSession,
  actor: Actor,
): Promise<{ session: Session; token: string }> {
  const token = randomToken();
  const session = await transaction(db, async (trx) => {
    await requirePermissionNow(trx, actor, null, "sessions:manage");
    const user = await User.query(trx).findById(user_id).where({ environment_id });
    if (user === undefined) throw notFound("user", { pointer: "/data/relationships/user" });
    await requireNotAbove(trx, actor, user_id, { actsAsThem: true });
    const started = await Session.query(trx)
      .insert({
        id: newId("sess"),
        environment_id,
        user_id,
        started_by_user_id: raw("coalesce((select started_by_user_id from sessions where id = ?), ?)", [
          in_session,
          actor.user_id === user_id ? null : actor.user_id,
        ]),
        token_hash: hashToken(token),
        ip,
        user_agent,
        expires_at: raw("now() + make_interval(days => ?)", [Session.LIFETIME_DAYS]),
      })
      .returning("*");
    await recordEvents(trx, actor, [sessionEvent("session.created", started)]);
    return started;
  });
  return { session, token };
}
