import type { IncomingMessage } from "node:http";
import readRaw from "raw-body";
import { parse } from "secure-json-parse";
import { badRequest, Refusal } from "../errors.ts";

/** Bytes of a body at most, unless its endpoint takes more. */
export const BODY_LIMIT = 64 * 1024;
/** Bytes that are read of anyone, before it is known who asks: cheap to read, to parse and to judge. */
export const SMALL_BODY = 8 * 1024;
/** Bytes of body per key or item: building a value costs more than reading its bytes. */
const BYTES_PER_VALUE = 16;
/** Keys of one object at most. */
const KEYS_LIMIT = 1_000;
/** Levels below the document itself. */
const DEPTH_LIMIT = 20;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Bytes a request's headers say its body has; a body that comes in chunks may have any number. */
export function announcedLength({ headers }: IncomingMessage): number {
  if (headers["transfer-encoding"] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers["content-length"] ?? 0);
}

/** Reads a body as UTF-8. @param limit bytes at most. @throws as `readBytes`, and 400 when it is something else. */
export async function readText(request: IncomingMessage, limit = BODY_LIMIT): Promise<string> {
  const bytes = await readBytes(request, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformedBody();
  }
}

/** @param limit bytes at most. @throws 415 when the body is compressed, 413 when it is larger, 400 when it is cut off. */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    const detail = "Send the body as it is, without a Content-Encoding.";
    throw new Refusal(415, [
      { code: "unsupported_encoding", detail, source: { header: "Content-Encoding" } },
    ]);
  }
  try {
    return await readRaw(request, { limit, length: request.headers["content-length"] ?? null });
  } catch (error) {
    if (error instanceof Error && "type" in error && error.type === "entity.too.large") {
      const detail = `The body is too large: ${limit / 1024} KiB at most.`;
      throw new Refusal(413, [{ code: "body_too_large", detail }], { Connection: "close" });
    }
    throw malformedBody();
  }
}

function malformedBody(): Refusal {
  return badRequest("malformed_body", "The body is incomplete or no UTF-8.");
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/**
 * Parses JSON within bounds; refuses the keys that would reach an object's prototype.
 * @param limit bytes its endpoint takes: more bytes may hold more values.
 * @throws 400.
 */
export function parseJson(text: string, limit = BODY_LIMIT): unknown {
  requireWithinBounds(text, Math.max(limit, BODY_LIMIT) / BYTES_PER_VALUE);
  let value: unknown;
  try {
    value = parse(text, undefined, { protoAction: "error", constructorAction: "error" });
  } catch {
    throw badRequest(
      "malformed_json",
      "The body is no valid JSON, or it has a forbidden key such as __proto__.",
    );
  }
  if (SUSPECT_ESCAPE.test(text)) refuseUnstorable(value);
  return value;
}

/** Of NUL or of half a character: in JSON that was UTF-8 they come no other way. */
const SUSPECT_ESCAPE = /\\u(?:0000|d[89a-f])/i;

/**
 * Counts what a JSON text would become, before anything is built of it: one look at each character, and no judgement of
 * whether it is JSON at all.
 * @throws 400.
 */
function requireWithinBounds(text: string, values: number): void {
  const keysAt: number[] = [];
  let depth = -1;
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth += 1;
        count += 1;
        keysAt[depth] = 0;
        if (depth > DEPTH_LIMIT)
          throw badRequest("too_deep", `The body is nested deeper than ${DEPTH_LIMIT} levels.`);
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        // What is no JSON may close more than it opened.
        depth = Math.max(depth - 1, -1);
        break;
      case COMMA:
        count += 1;
        break;
      case COLON:
        keysAt[depth] = (keysAt[depth] ?? 0) + 1;
        if ((keysAt[depth] ?? 0) > KEYS_LIMIT) throw tooMany(KEYS_LIMIT, "keys in one object");
        break;
    }
    if (count > values) throw tooMany(values, "keys and items");
  }
}

/** Where the string ends that begins at `start`; beyond the text if it doesn't. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) return at;
    if (sign === BACKSLASH) at += 1;
  }
  return at;
}

function tooMany(most: number, what: string): Refusal {
  const detail = `The body holds too much: send at most ${most.toLocaleString("en")} ${what}.`;
  return badRequest("too_many_values", detail);
}

/** Text Postgres can't hold: U+0000 and lone surrogates. @throws 400. */
export function refuseUnstorable(value: unknown): void {
  if (typeof value === "string" && (value.includes("\u0000") || LONE_SURROGATE.test(value))) {
    throw badRequest("malformed_text", "The body holds text that is no valid Unicode, or a NUL character.");
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    refuseUnstorable(key);
    refuseUnstorable(item);
  }
}
