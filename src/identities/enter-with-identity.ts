import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type EventType, recordEvents } from "../events/record-events.ts";
import { findOrCreateIdentifiedUser } from "./find-or-create-identified-user.ts";
import type { Identity } from "./identity.ts";
import { keepValidatedSession, type ValidatedSession } from "./keep-validated-session.ts";
import { refreshUser } from "./refresh-user.ts";

/**
 * Lets somebody in for whom a service of the team's vouches: finds or makes their user in the environment, brings it up
 * to date, and keeps the session for a few minutes, so that nobody is asked about with every request.
 * @returns false when the session was ended here, which holds whatever the service says.
 * @throws 403 when the identity is new and it can't be told whose it is: it has no address, or somebody else's for all
 *   we know.
 */
export function enterWithIdentity(
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
    const happened: EventType[] = [
      ...(found === "nobody" ? ["user.created" as const] : []),
      ...(found === "by address" ? ["identity.linked" as const] : []),
      ...(changed && found !== "nobody" ? ["user.updated" as const] : []),
    ];
    const about = { environment_id, organization_id: null, subject_id: user.id, data: { issuer } };
    // Nobody else did it: they came by themselves.
    await recordEvents(
      trx,
      { kind: "user", user_id: user.id, request_id },
      happened.map((type) => ({ type, ...about })),
    );
    return keepValidatedSession(trx, { ...session, user_id: user.id, expires_at });
  });
}
