import type { IncomingMessage } from "node:http";
import readRaw from "raw-body";
import { parse } from "secure-json-parse";
import { badRequest, Refusal } from "../errors.ts";

/** Bytes of a body at most, unless its endpoint takes more. */
export const BODY_LIMIT = 64 * 1024;
const DEPTH_LIMIT = 20;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads a body as text.
 * @param limit bytes at most.
 * @throws 415 when it is compressed, 413 when it is larger, 400 when it is cut off or no UTF-8.
 */
export async function readText(request: IncomingMessage, limit = BODY_LIMIT): Promise<string> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    const detail = "Send the body as it is, without a Content-Encoding.";
    throw new Refusal(415, [
      { code: "unsupported_encoding", detail, source: { header: "Content-Encoding" } },
    ]);
  }
  try {
    const body = await readRaw(request, {
      limit,
      length: request.headers["content-length"] ?? null,
    });
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (error) {
    if (error instanceof Error && "type" in error && error.type === "entity.too.large") {
      const detail = `The body is too large: ${limit / 1024} KiB at most.`;
      throw new Refusal(413, [{ code: "body_too_large", detail }], { Connection: "close" });
    }
    throw badRequest("malformed_body", "The body is incomplete or no UTF-8.");
  }
}

/**
 * Parses JSON; refuses the keys that would reach an object's prototype.
 * @throws 400.
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = parse(text, undefined, { protoAction: "error", constructorAction: "error" });
  } catch {
    throw badRequest(
      "malformed_json",
      "The body is no valid JSON, or it has a forbidden key such as __proto__.",
    );
  }
  refuseUnstorable(value);
  return value;
}

/** Nesting nobody needs, and text Postgres can't hold: U+0000 and lone surrogates. @throws 400. */
export function refuseUnstorable(value: unknown, depth = 0): void {
  if (depth > DEPTH_LIMIT)
    throw badRequest("too_deep", `The body is nested deeper than ${DEPTH_LIMIT} levels.`);
  if (typeof value === "string" && (value.includes("\u0000") || LONE_SURROGATE.test(value))) {
    throw badRequest("malformed_text", "The body holds text that is no valid Unicode, or a NUL character.");
  }
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) refuseUnstorable(item, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    refuseUnstorable(key, depth);
    refuseUnstorable(item, depth + 1);
  }
}
