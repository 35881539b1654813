import { JSON_API } from "../../../src/http/negotiate.ts";
import type { Answered } from "./exchange.ts";
import type { Problems } from "./values.ts";

/** What HTTP and JSON:API ask of the answer's headers. */
export function* checkHttp({ method, status, headers, text }: Answered): Problems {
  if (status === 204) {
    if (text !== "") yield "204 has a body";
    if (headers.has("Content-Type")) yield "204 has a Content-Type";
    return;
  }
  if (text === "" && method !== "HEAD") yield `${status} has no body`;
  const type = headers.get("Content-Type");
  if (type !== JSON_API) yield `Content-Type is ${type}, not ${JSON_API} without parameters`;
  if (!/\baccept\b/i.test(headers.get("Vary") ?? "")) yield "Vary doesn't name Accept";
  if (!headers.has("X-Request-Id")) yield "X-Request-Id is missing";
  for (const [name, ...statuses] of NEEDED) {
    if (statuses.includes(status) && !headers.has(name)) yield `${status} has no ${name}`;
  }
}

const NEEDED: Array<[header: string, ...statuses: number[]]> = [
  ["Location", 201, 202],
  ["WWW-Authenticate", 401],
  ["Allow", 405],
  ["Retry-After", 429, 503],
];
