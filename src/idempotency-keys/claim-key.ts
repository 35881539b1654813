import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { Refusal } from "../errors.ts";
import type { KeptAnswer } from "./kept-answer.ts";

/** Tried, not waited for: otherwise many requests with one key would hold every connection. */
const tryLock = statement<{ locked: boolean }, { number: string }>(
  "lock-idempotency-key",
  { number: "bigint" },
  "select pg_try_advisory_xact_lock(:number) as locked",
);

const findKept = statement<KeptAnswer, { key_hash: Buffer }>(
  "find-kept-answer",
  { key_hash: "bytea" },
  "select request_hash, status, location, document from idempotency_keys where key_hash = :key_hash",
);

/**
 * Takes a key for this transaction, or finds what was answered by it. The look comes after the lock, in a statement of its
 * own: it sees what whoever had the lock before has committed.
 * @param keyHash SHA-256 of the key with all it belongs to; its first 8 bytes are the lock's number.
 * @returns undefined for a key that is new: it is this transaction's.
 * @throws 409 with `Retry-After` while another request with the key is under way.
 */
export async function claimKey(trx: Knex.Transaction, keyHash: Buffer): Promise<KeptAnswer | undefined> {
  const [lock] = await tryLock(trx, { number: keyHash.readBigInt64BE().toString() });
  const [kept] = await findKept(trx, { key_hash: keyHash });
  if (kept !== undefined || lock?.locked === true) return kept;
  const detail = "A request with this key is under way. Send it again in a moment.";
  const source = { header: "Idempotency-Key" };
  throw new Refusal(409, [{ code: "idempotency_in_progress", detail, source }], { "Retry-After": "1" });
}
