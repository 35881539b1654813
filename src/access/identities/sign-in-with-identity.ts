import type { Context } from "../../context.ts";
import { transaction } from "../../db/transaction.ts";
import { type EventType, recordEvents } from "../../events/record-events.ts";
import { findOrCreateIdentifiedUser, refreshUser } from "./identified-users.ts";
import type { Identity } from "./identity.ts";
import { keepValidatedSession, type ValidatedSession } from "./validated-sessions.ts";

/**
 * Signs in a person whom another service has identified: finds or creates their user in the environment, updates it,
 * and keeps the session for a few minutes, so that we don't ask the service on every request.
 * @returns false if the session was revoked here, which outweighs what the service says.
 * @throws 403 if the identity is new and can't be matched to a user: it has no address, or an unverified one that may
 *   belong to somebody else.
 */
export function signInWithIdentity(
  { db }: Pick<Context, "db">,
  identity: Identity,
  session: Omit<ValidatedSession, "user_id" | "expires_at">,
  request_id: string,
): Promise<boolean> {
  const { environment_id } = session;
  const { issuer, expires_at } = identity;
  return transaction(db, async (trx) => {
    const { user, found } = await findOrCreateIdentifiedUser(trx, environment_id, identity);
    const changed = await refreshUser(trx, user, identity);
    const types: EventType[] = [];
    if (found === "nobody") types.push("user.created");
    if (found === "by address") types.push("identity.linked");
    if (changed && found !== "nobody") types.push("user.updated");
    const about = { environment_id, organization_id: null, subject_id: user.id, data: { issuer } };
    // The user is the actor: they signed in by themselves.
    const actor = { kind: "user" as const, user_id: user.id, request_id };
    await recordEvents(
      trx,
      actor,
      types.map((type) => ({ type, ...about })),
    );
    return keepValidatedSession(trx, { ...session, user_id: user.id, expires_at });
  });
}
