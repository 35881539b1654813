import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { Refusal } from "../errors.ts";

/** An answer kept for repeats of the request with the same key. */
export interface KeptAnswer {
  /** SHA-256 of the request. */
  request_hash: Buffer;
  status: number;
  location: string | null;
  /** Null without a document. */
  document: object | null;
}

/** Doesn't wait, because many requests with one key would then hold every connection. */
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
 * Takes a key for this transaction, or finds its kept answer. A second statement looks for it after the lock is taken, so
 * that it sees what the previous holder committed.
 * @param keyHash SHA-256 of the key and its scope; the first 8 bytes are the number of the lock.
 * @returns undefined for a new key, which now belongs to this transaction.
 * @throws 409 with `Retry-After` while another request with the key is running.
 */
export async function claimKey(trx: Knex.Transaction, keyHash: Buffer): Promise<KeptAnswer | undefined> {
  const [lock] = await tryLock(trx, { number: keyHash.readBigInt64BE().toString() });
  const [kept] = await findKept(trx, { key_hash: keyHash });
  if (kept !== undefined || lock?.locked === true) return kept;
  const detail = "A request with this key is under way. Send it again in a moment.";
  const source = { header: "Idempotency-Key" };
  throw new Refusal(409, [{ code: "idempotency_in_progress", detail, source }], { "Retry-After": "1" });
}

/** The scope of a key. */
export interface KeyScope {
  /** Null for requests about environments themselves. */
  environment_id: string | null;
  /** `operator`, a client's id or a user's. */
  caller: string;
  method: string;
  path: string;
}

const insertKept = statement<
  never,
  KeyScope & {
    key_hash: Buffer;
    request_hash: Buffer;
    status: number;
    location: string | null;
    document: string | null;
  }
>(
  "keep-answer",
  {
    key_hash: "bytea",
    environment_id: "text",
    caller: "text",
    method: "text",
    path: "text",
    request_hash: "bytea",
    status: "int",
    location: "text",
    document: "json",
  },
  `
  insert into idempotency_keys
    (key_hash, environment_id, caller, method, path, request_hash, status, location, document)
  values (:key_hash, :environment_id, :caller, :method, :path, :request_hash, :status, :location, :document)`,
);

/** Keeps an answer in the transaction of its work. @throws if the transaction has already failed. */
export async function keepAnswer(
  trx: Knex.Transaction,
  keyHash: Buffer,
  scope: KeyScope,
  { document, ...answer }: KeptAnswer,
): Promise<void> {
  const text = document === null ? null : JSON.stringify(document);
  await insertKept(trx, { ...scope, ...answer, key_hash: keyHash, document: text });
}
