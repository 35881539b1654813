import type { Knex } from "knex";
import { statement } from "../../db/statement.ts";
import { newId } from "../../lib/id.ts";

/** Minutes a service's answer stays valid. People who sign out there may stay signed in here for that long. */
const VALID_FOR = 5;

const LONGEST_USER_AGENT = 500;

/** A session of another service, kept here while the service's answer is valid. */
export interface ValidatedSession {
  environment_id: string;
  user_id: string;
  /** SHA-256 of the other service's token. */
  token_hash: Buffer;
  ip: string | null;
  user_agent: string | null;
  /** When the session ends at the service. */
  expires_at: Date;
}

const findKnown = statement<{ known: boolean }, { token_hash: Buffer; environment_id: string | null }>(
  "may-be-foreign",
  { token_hash: "bytea", environment_id: "text" },
  `
  select exists (
    select from sessions
    where token_hash = :token_hash and (validated_until is null or environment_id = :environment_id and revoked_at is not null)
  ) as known`,
);

/**
 * Returns whether another service may be asked about a token that isn't valid here. Guildhall never shows its own
 * tokens, of any environment, to others. A session that was revoked here stays revoked.
 */
export async function mayBeForeign(
  db: Knex,
  environment_id: string | null,
  token_hash: Buffer,
): Promise<boolean> {
  const [row] = await findKnown(db, { token_hash, environment_id });
  return row?.known === false;
}

/**
 * Keeps a session that another service has just confirmed: inserts it, or extends it by a few minutes.
 * @returns false if it was revoked here, or the token is Guildhall's own. Another service can't change either.
 */
export async function keepValidatedSession(
  trx: Knex.Transaction,
  { user_agent, ...session }: ValidatedSession,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into sessions (id, environment_id, user_id, token_hash, ip, user_agent, expires_at, validated_until)
     values (:id, :environment_id, :user_id, :token_hash, :ip, :user_agent, :expires_at::timestamptz,
       least(:expires_at::timestamptz, now() + make_interval(mins => :minutes)))
     on conflict (token_hash, environment_id) do update
     set user_id = excluded.user_id, expires_at = excluded.expires_at, validated_until = excluded.validated_until,
       last_active_at = now(), updated_at = now()
     where sessions.revoked_at is null and sessions.validated_until is not null
     returning id`,
    {
      ...session,
      id: newId("sess"),
      user_agent: user_agent?.slice(0, LONGEST_USER_AGENT) ?? null,
      minutes: VALID_FOR,
    },
  );
  return rows.length > 0;
}

/**
 * Removes the identities of a user whose address has just been proven for the first time, but not by those
 * identities. Until then anyone could have signed up with that address at another service, and must not get what is
 * granted to it. People who prove the address there, too, are let in again.
 */
export async function dropUnprovenIdentities(trx: Knex.Transaction, user_id: string): Promise<void> {
  await trx("user_identities").where({ user_id }).delete();
  // Second, to also delete sessions that were kept while we waited for the identities. Revoked ones must stay revoked.
  await trx("sessions").where({ user_id, revoked_at: null }).whereNotNull("validated_until").delete();
}
