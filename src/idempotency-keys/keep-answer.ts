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

/** Keeps an answer with what it tells of: it commits with it. @throws where the transaction is lost already. */
export async function keepAnswer(
  trx: Knex.Transaction,
  keyHash: Buffer,
  scope: KeyScope,
  { document, ...answer }: KeptAnswer,
): Promise<void> {
  const text = document === null ? null : JSON.stringify(document);
  await insertKept(trx, { ...scope, ...answer, key_hash: keyHash, document: text });
}
