import { parse } from "secure-json-parse";
import { badRequest, invalid, type Refusal } from "../errors.ts";
import { clip } from "../lib/clip.ts";
import { endOfString, findInJson, isExactNumber, pointerStep } from "../lib/json-text.ts";
import { BODY_LIMIT } from "./read-body.ts";

/** Bytes of the body's limit per key or item, because building a value costs more than reading its bytes. */
const BYTES_PER_VALUE = 16;
/** The most keys of one object. */
const KEYS_LIMIT = 1_000;
/** The most levels below the document itself. */
const DEPTH_LIMIT = 20;

export interface Parsed {
  value: unknown;
  /** The refusal, if JavaScript changed a number. Throw it unless the value is wrong for another reason. */
  inexact: Refusal | undefined;
}

/**
 * Parses JSON within bounds. Refuses keys that would reach an object's prototype, and duplicate keys, whose first
 * value would be lost.
 * @param limit the most bytes of the endpoint's bodies. Larger bodies may hold more values.
 * @throws 400.
 */
export function parseJson(text: string, limit = BODY_LIMIT): Parsed {
  const scanned = scan(text, Math.max(limit, BODY_LIMIT) / BYTES_PER_VALUE);
  let value: unknown;
  try {
    value = parse(text, undefined, { protoAction: "error", constructorAction: "error" });
  } catch {
    const detail = "The body is not valid JSON, or it has a forbidden key such as __proto__.";
    throw badRequest("malformed_json", detail);
  }
  if (scanned.keys !== countKeys(value)) throw duplicateKey(text);
  if (SUSPECT_ESCAPE.test(text)) refuseUnstorable(value);
  const { inexactAt } = scanned;
  return { value, inexact: inexactAt === undefined ? undefined : inexactNumber(text, inexactAt) };
}

/** An escape for NUL or for half a character. In JSON that was valid UTF-8, these can only be escapes. */
const SUSPECT_ESCAPE = /\\u(?:0000|d[89a-f])/i;
const LONE_SURROGATE = /\p{Surrogate}/u;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/**
 * Counts the values of a JSON text before any is built. Reads each character once, and doesn't check that it is JSON.
 * @returns the number of keys, and the start of the first number that JavaScript would round.
 * @throws 400.
 */
function scan(text: string, values: number): { keys: number; inexactAt: number | undefined } {
  const keysAt: number[] = [];
  let depth = -1;
  let count = 0;
  let keys = 0;
  let inexactAt: number | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    switch (sign) {
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
        // Invalid JSON may close more than it opened.
        depth = Math.max(depth - 1, -1);
        break;
      case COMMA:
        count += 1;
        break;
      case COLON:
        keys += 1;
        keysAt[depth] = (keysAt[depth] ?? 0) + 1;
        if ((keysAt[depth] ?? 0) > KEYS_LIMIT) throw tooMany(KEYS_LIMIT, "keys in one object");
        break;
      default: {
        if (sign !== MINUS && (sign < ZERO || sign > NINE)) break;
        const end = endOfNumber(text, at);
        if (inexactAt === undefined && !isExactNumber(text.slice(at, end))) inexactAt = at;
        at = end - 1;
      }
    }
    if (count > values) throw tooMany(values, "keys and items");
  }
  return { keys, inexactAt };
}

/** Returns the index after the number that begins at `start`. */
function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && "0123456789.eE+-".includes(text.charAt(at))) at += 1;
  return at;
}

function tooMany(most: number, what: string): Refusal {
  const detail = `The body holds too much: send at most ${most.toLocaleString("en")} ${what}.`;
  return badRequest("too_many_values", detail);
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const members = Object.values(value);
  let keys = Array.isArray(value) ? 0 : members.length;
  for (const member of members) if (typeof member === "object") keys += countKeys(member);
  return keys;
}

function duplicateKey(text: string): Refusal {
  const pointer = findInJson(text, "duplicate") ?? "";
  const detail = `${placeOf(pointer)} comes twice in its object. Send it once.`;
  return badRequest("duplicate_key", detail, { pointer });
}

function inexactNumber(text: string, at: number): Refusal {
  const pointer = findInJson(text, at) ?? "";
  const number = text.slice(at, endOfNumber(text, at));
  const stored = Number(number);
  const why = Number.isFinite(stored) ? `would be changed to ${stored}` : "is too large for a number";
  const detail = `${placeOf(pointer)}: the number ${clip(number, 40)} ${why}. Send it as a string, in quotes.`;
  return invalid("inexact_number", detail, pointer);
}

function placeOf(pointer: string): string {
  return pointer === "" ? "The body" : clip(pointer, 200);
}

/** Refuses text that Postgres can't hold: U+0000 and lone surrogates. @throws 400. */
export function refuseUnstorable(value: unknown, pointer = ""): void {
  if (typeof value === "string") {
    const why = whyUnstorable(value);
    if (why === undefined) return;
    const source = pointer === "" ? undefined : { pointer };
    throw badRequest("malformed_text", `${placeOf(pointer)} holds ${why}`, source);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const why = whyUnstorable(key);
    if (why !== undefined) throw badRequest("malformed_text", `A key in ${placeOf(pointer)} holds ${why}`);
    refuseUnstorable(item, pointer + pointerStep(key));
  }
}

function whyUnstorable(text: string): string | undefined {
  if (text.includes("\u0000")) return "a NUL character (U+0000), which can't be stored. Remove it.";
  if (LONE_SURROGATE.test(text))
    return "half a character (a lone surrogate such as \\ud800). Send the whole character, or remove it.";
  return undefined;
}
