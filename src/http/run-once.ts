import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { environmentOf } from "../access/allow.ts";
import { nameOfCaller } from "../access/caller.ts";
import { transaction } from "../db/transaction.ts";
import { badRequest, Refusal } from "../errors.ts";
import { claimKey, type KeptAnswer, type KeyScope, keepAnswer } from "../idempotency-keys/keep-answer.ts";
import type { Answer, Endpoint, EndpointRequest } from "./endpoint.ts";
import { queryOf } from "./read-input.ts";

/**
 * Runs an endpoint for the first request with a key, and gives later requests the same response. The work and its
 * response are stored in one transaction: a killed process has done both or neither, and nothing is queued before the
 * commit. A refusal is thrown, so it undoes everything except what `stands` writes again, and the key can be used
 * again.
 * @param sent the body as it was sent: a JSON document, whose members may come in another order next time, or a text.
 * @throws 409 while the first request is running, 422 for a key that was sent with another body or query before, and
 *   anything the endpoint throws.
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
      wakeUp: (queue) => afterCommit(() => context.queues.wakeUp(queue)),
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
    // The declared path with its ids filled in, because the router accepts other spellings of the same path.
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

/** Returns the part of a response that is stored: no secret, and of the headers only Location. */
function keptOf(
  { status, document, headers }: Answer,
  { answers }: Endpoint,
): Pick<KeptAnswer, "status" | "location" | "document"> {
  const shown = answers.secret && document !== undefined ? { ...document, meta: {} } : document;
  return { status, location: headers?.Location ?? null, document: shown ?? null };
}

const NAME = "idempotency-key";
const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * Returns the idempotency key exactly as sent, quotes included.
 * @returns undefined without the header.
 * @throws 400 if it is empty, too long, sent twice or contains anything but printable ASCII.
 */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  if (request.headers[NAME] === undefined) return undefined;
  // Node joins duplicate headers with a comma, which a key may contain.
  const [key = "", ...others] = request.headersDistinct[NAME] ?? [];
  if (others.length === 0 && KEY.test(key)) return key;
  const detail = "Send one Idempotency-Key of 1 to 255 printable ASCII characters.";
  throw badRequest("invalid_idempotency_key", detail, { header: "Idempotency-Key" });
}

/** Returns the SHA-256 of a JSON value. The order of members in its objects doesn't matter. */
export function jsonDigest(value: unknown): Buffer {
  return createHash("sha256").update(JSON.stringify(value, inOrder)).digest();
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
