import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "../errors.ts";

export const JSON_API = "application/vnd.api+json";

/**
 * JSON:API 1.1, content negotiation: instances of its media type with parameters other than `profile` don't count, and
 * where all are so modified, nothing else that is accepted helps.
 * @throws 406 then, and when none of what is accepted is ours.
 */
export function requireAcceptable(headers: IncomingHttpHeaders): void {
  const accepted = split(headers.accept ?? "*/*", ",").map(parseMediaType);
  const instances = accepted.filter(({ type }) => type === JSON_API);
  const candidates = instances.length > 0 ? instances : accepted.filter(({ type }) => OTHERS.includes(type));
  if (candidates.some(({ parameters }) => onlyProfile(parameters))) return;
  const detail = `Answers are ${JSON_API}: accept it without parameters other than profile.`;
  throw new Refusal(406, [{ code: "not_acceptable", detail, source: { header: "Accept" } }]);
}

/** What a client that doesn't know of JSON:API may take it for. */
const OTHERS = ["*/*", "application/*", "application/json"];

/** @throws 415 unless the body is JSON:API without parameters other than `profile`. */
export function requireJsonApiBody(headers: IncomingHttpHeaders): void {
  const { type, parameters } = parseMediaType(headers["content-type"] ?? "");
  if (type === JSON_API && parameters.every((parameter) => parameter.startsWith("profile="))) return;
  const detail = `Send the body as ${JSON_API}, without parameters other than profile.`;
  throw new Refusal(415, [{ code: "unsupported_media_type", detail, source: { header: "Content-Type" } }]);
}

export function parseMediaType(text: string): { type: string; parameters: string[] } {
  const [type = "", ...parameters] = split(text, ";").map((part) => part.trim().toLowerCase());
  return { type, parameters: parameters.filter((parameter) => parameter !== "") };
}

/** Splits at a separator outside quotes: the URI of a profile may hold one. Reads every character once. */
function split(text: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"') quoted = !quoted;
    else if (sign === "\\" && quoted) at += 1;
    else if (sign === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** `q` belongs to `Accept`, not to the media type; of 0 it says no. */
function onlyProfile(parameters: string[]): boolean {
  return parameters.every(
    (parameter) =>
      parameter.startsWith("profile=") || (parameter.startsWith("q=") && !/^q=0(\.0*)?$/.test(parameter)),
  );
}
