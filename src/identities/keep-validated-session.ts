import type { Knex } from "knex";
import { newId } from "../lib/id.ts";

/** Minutes for which a source's word is taken: so long somebody who signed out there may still be in here. */
const GOOD_FOR = 5;

const LONGEST_USER_AGENT = 500;

export interface ValidatedSession {
  environment_id: string;
  user_id: string;
  /** SHA-256 of a token that is not ours. */
  token_hash: Buffer;
  ip: string | null;
  user_agent: string | null;
  /** When it ends at its source. */
  expires_at: Date;
}

/**
 * Keeps a session that a source of identities has just vouched for: a row of its own when it is first seen, else the
 * same row for some minutes more.
 * @returns false when it was revoked here, or the token is one of Guildhall's own: neither is changed from elsewhere.
 */
export async function keepValidatedSession(
  trx: Knex.Transaction,
  { environment_id, user_id, token_hash, ip, user_agent, expires_at }: ValidatedSession,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into sessions (id, environment_id, user_id, token_hash, ip, user_agent, expires_at, validated_until)
     values (?, ?, ?, ?, ?, ?, ?::timestamptz, least(?::timestamptz, now() + make_interval(mins => ?)))
     on conflict (token_hash, environment_id) do update
     set user_id = excluded.user_id, expires_at = excluded.expires_at, validated_until = excluded.validated_until,
       last_active_at = now(), updated_at = now()
     where sessions.revoked_at is null and sessions.validated_until is not null
     returning id`,
    [
      newId("sess"),
      environment_id,
      user_id,
      token_hash,
      ip,
      user_agent?.slice(0, LONGEST_USER_AGENT) ?? null,
      expires_at,
      expires_at,
      GOOD_FOR,
    ],
  );
  return rows.length > 0;
}
