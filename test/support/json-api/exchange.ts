import type { Endpoint } from "../../../src/http/endpoint.ts";
import { JSON_API } from "../../../src/http/negotiate.ts";
import { allEndpoints } from "../../../src/management/all-resources.ts";

/** What went over the wire. */
export interface Exchange {
  method: string;
  /** Path and query. */
  url: string;
  /** The body that was sent; null for one that nobody read. */
  sent: string | null | undefined;
  status: number;
  headers: Headers;
  /** Reads the body that came. */
  text(): Promise<string>;
}

export interface Answered extends Omit<Exchange, "text"> {
  text: string;
}

/** An exchange with its texts read. */
export interface ReadExchange extends Answered {
  document: unknown;
  /** The document that was sent; undefined when nothing came that could be read. */
  request: unknown;
  parameters: URLSearchParams;
  /** The endpoint that answered, if one did. */
  endpoint: Endpoint | undefined;
}

/** Everything below `/api`, and any answer that says it is JSON:API. An answer to OPTIONS has only headers. */
export function isJsonApi({ method, url, headers }: Pick<Exchange, "method" | "url" | "headers">): boolean {
  if (method === "OPTIONS") return false;
  return /^\/api(\/|\?|$)/.test(url) || (headers.get("Content-Type") ?? "").startsWith(JSON_API);
}

export function readExchange(exchange: Answered): ReadExchange {
  const { pathname, searchParams } = new URL(exchange.url, "http://any.example");
  return {
    ...exchange,
    document: parse(exchange.text),
    request: parse(exchange.sent),
    parameters: searchParams,
    endpoint: allEndpoints.find(
      ({ method, path }) => method === exchange.method && patternOf(path).test(pathname),
    ),
  };
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}/?$`, "i");
}

function parse(text: string | null | undefined): unknown {
  try {
    return text === undefined || text === null || text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
