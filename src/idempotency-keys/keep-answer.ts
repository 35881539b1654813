import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import type { KeptAnswer } from "./kept-answer.ts";

/** What a key belongs to. */
export interface KeyScope {
  /** Null for what is about environments themselves. */
  environment_id: string | null;
  /** `operator`, a client's id or a user's. */
  caller: string;
  method: string;
  path: string;
}

const insertKept = statement(
  "keep-answer",
  `
  insert into idempotency_keys
    (key_hash, environment_id, caller, method, path, request_hash, status, location, document)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

/** Keeps an answer with what it tells of: it commits with it. @throws where the transaction is lost already. */
export async function keepAnswer(
  trx: Knex.Transaction,
  keyHash: Buffer,
  { environment_id, caller, method, path }: KeyScope,
  { request_hash, status, location, document }: KeptAnswer,
): Promise<void> {
  const text = document === null ? null : JSON.stringify(document);
  await insertKept(trx, [
    keyHash,
    environment_id,
    caller,
    method,
    path,
    request_hash,
    status,
    location,
    text,
  ]);
}
