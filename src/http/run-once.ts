import type { IncomingMessage } from "node:http";
import { environmentOf } from "../access/allow.ts";
import { nameOfCaller } from "../access/caller.ts";
import { transaction } from "../db/transaction.ts";
import { badRequest, Refusal } from "../errors.ts";
import { claimKey, type KeptAnswer, type KeyScope, keepAnswer } from "../idempotency-keys/keep-answer.ts";
import { jsonDigest } from "../lib/json-digest.ts";
import type { Answer, Endpoint, EndpointRequest } from "./endpoint.ts";
import { queryOf } from "./read-input.ts";

/**
 * Runs an endpoint for the first request with a key, and answers the others what the first was answered. What it does
 * and the answer are one transaction: a process that is killed has done both or neither, and no hint is given before. A
 * refusal is thrown, so nothing of it stays but what it says must, and the key is as new as before.
 * @param sent the body as it came: a JSON document, whose members may come in another order the next time, or a text.
 * @throws 409 while the first is under way, 422 for a key that came with another body or query before, and what the
 *   endpoint throws.
 */
export function runOnce(
  endpoint: Endpoint,
  request: EndpointRequest,
  { key, sent }: { key: string; sent: unknown },
): Promise<Answer> {
  const { context } = request;
  const scope = scopeOf(endpoint, request);
  const keyHash = jsonDigest([scope, key]);
  const query = [...new URLSearchParams(queryOf(request.url))].sort();
  const requestHash = jsonDigest([sent ?? null, query]);
  return transaction(context.db, async (trx, afterCommit) => {
    const kept = await claimKey(trx, keyHash);
    if (kept !== undefined) return answerAgain(kept, requestHash);
    const queues: typeof context.queues = {
      ...context.queues,
      hint: (queue) => afterCommit(() => context.queues.hint(queue)),
    };
    const answer = await endpoint.handle({ ...request, context: { ...context, db: trx, queues } });
    await keepAnswer(trx, keyHash, scope, { request_hash: requestHash, ...keptOf(answer, endpoint) });
    return answer;
  }).catch(async (error) => {
    if (error instanceof Refusal) await error.stands?.(context.db);
    throw error;
  });
}

function scopeOf(
  { allow, method, path }: Endpoint,
  { environment, caller, params }: EndpointRequest,
): KeyScope {
  return {
    environment_id: environmentOf(allow) === "none" ? null : environment.environment_id,
    caller: nameOfCaller(caller),
    method,
    // As it is declared, with what it names: there are other spellings of it that the router takes.
    path: path.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? ""),
  };
}

function answerAgain({ request_hash, status, location, document }: KeptAnswer, requestHash: Buffer): Answer {
  if (!request_hash.equals(requestHash)) {
    const detail = "This key came with another body or query before. Give each request a key of its own.";
    const source = { header: "Idempotency-Key" };
    throw new Refusal(422, [{ code: "idempotency_key_reused", detail, source }]);
  }
  const headers = { ...(location === null ? {} : { Location: location }), "Idempotency-Replayed": "true" };
  return { status, headers, ...(document === null ? {} : { document }) };
}

/** What of an answer is kept: no secret. Of the headers only the one that belongs to the answer is worth it. */
function keptOf(
  { status, document, headers }: Answer,
  { answers }: Endpoint,
): Pick<KeptAnswer, "status" | "location" | "document"> {
  const told = answers.secret && document !== undefined ? { ...document, meta: {} } : document;
  return { status, location: headers?.Location ?? null, document: told ?? null };
}

const NAME = "idempotency-key";
const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * The key by which a request may be sent twice and be done once. Taken as it is, quotes and all.
 * @returns undefined without the header.
 * @throws 400 when it is empty, too long, comes twice or holds anything but printable ASCII.
 */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  if (request.headers[NAME] === undefined) return undefined;
  // Node joins a header that comes twice by a comma, which a key may have, too.
  const [key = "", ...others] = request.headersDistinct[NAME] ?? [];
  if (others.length === 0 && KEY.test(key)) return key;
  const detail = "Send one Idempotency-Key of 1 to 255 printable ASCII characters.";
  throw badRequest("invalid_idempotency_key", detail, { header: "Idempotency-Key" });
}
