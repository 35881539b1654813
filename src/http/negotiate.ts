import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "../errors.ts";

export const JSON_API = "application/vnd.api+json";

/** Types that clients accept if they don't know JSON:API, the most specific first. */
const OTHERS = ["application/json", "application/*", "*/*", "*"];

/**
 * Checks `Accept`. By RFC 9110, the most specific accepted type counts, and `q=0` refuses it. Parameters of other
 * types are ignored. By JSON:API 1.1, instances of its media type with parameters other than `profile` don't count.
 * If all of them have such parameters, no other accepted type helps. An empty `Accept` accepts everything.
 * @throws 406.
 */
export function requireAcceptable(headers: IncomingHttpHeaders): void {
  const elements = split(headers.accept ?? "", ",").filter((element) => element.trim() !== "");
  const accepted = (elements.length > 0 ? elements : ["*/*"]).map(parseMediaType);
  const instances = accepted.filter(({ type }) => type === JSON_API);
  const specific = OTHERS.find((other) => accepted.some(({ type }) => type === other));
  const isAcceptable =
    instances.length > 0
      ? instances.some(({ parameters }) => onlyProfile(parameters) && !isRefused(parameters))
      : accepted.some(({ type, parameters }) => type === specific && !isRefused(parameters));
  if (isAcceptable) return;
  const detail = `Answers are ${JSON_API}: send it as Accept, without parameters other than profile, or send no Accept.`;
  throw new Refusal(406, [{ code: "not_acceptable", detail, source: { header: "Accept" } }]);
}

/** @throws 415 unless the body is JSON:API without parameters other than `profile`. */
export function requireJsonApiBody(headers: IncomingHttpHeaders): void {
  const { type, parameters } = parseMediaType(headers["content-type"] ?? "");
  if (type === JSON_API && parameters.every((parameter) => parameter.startsWith("profile="))) return;
  const detail = `Send the body as ${JSON_API}, without parameters other than profile.`;
  throw new Refusal(415, [{ code: "unsupported_media_type", detail, source: { header: "Content-Type" } }]);
}

export function parseMediaType(text: string): { type: string; parameters: string[] } {
  const [type = "", ...parameters] = split(text, ";").map((part) => part.trim().toLowerCase());
  const given = parameters.filter((parameter) => parameter !== "");
  return {
    type,
    parameters: given.map((parameter) => parameter.replace(/^([^\s="]{1,40})\s{0,9}=\s{0,9}/, "$1=")),
  };
}

/** Splits at separators outside quotes, since the URI of a profile may contain one. Reads every character once. */
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

/** `q` belongs to `Accept`, not to the media type. */
function onlyProfile(parameters: string[]): boolean {
  return parameters.every((parameter) => parameter.startsWith("profile=") || parameter.startsWith("q="));
}

/** A weight of 0 refuses the type. */
function isRefused(parameters: string[]): boolean {
  return parameters.some((parameter) => /^q=0?(\.0*)?$/.test(parameter));
}
