import type { Knex } from "knex";

/** Where in a request the trouble lies, as JSON:API has it. */
export interface ErrorSource {
  pointer?: string;
  parameter?: string;
  header?: string;
}

export interface ErrorItem {
  /** Stable, for machines. */
  code: string;
  /** For people: says what to do. */
  detail: string;
  source?: ErrorSource;
}

/** The most problems one refusal names: a body of nonsense may hold thousands, and each costs time and bytes. */
export const MOST_PROBLEMS = 50;

/** Every refusal: an HTTP status and one or more items. Each API decides how to send it. */
export class Refusal extends Error {
  readonly status: number;
  readonly items: [ErrorItem, ...ErrorItem[]];
  /** Headers the answer must carry, e.g. `Retry-After`. */
  readonly headers: Record<string, string>;
  /** Writes again what stays true although the request is refused, where refusing it undid everything (`run-once.ts`). */
  stands?: (db: Knex) => Promise<unknown>;

  constructor(
    status: number,
    items: [ErrorItem, ...ErrorItem[]],
    headers: Record<string, string> = {},
    options?: ErrorOptions,
  ) {
    super(items[0].detail, options);
    this.name = "Refusal";
    this.status = status;
    this.items = items;
    this.headers = headers;
  }

  get code(): string {
    return this.items[0].code;
  }
}

function refuse(status: number, code: string, detail: string, source?: ErrorSource): Refusal {
  return new Refusal(status, [source === undefined ? { code, detail } : { code, detail, source }]);
}

export function badRequest(code: string, detail: string, source?: ErrorSource): Refusal {
  return refuse(400, code, detail, source);
}

export function unauthorized(): Refusal {
  const detail =
    "Send a valid credential: an operator or session token as `Authorization: Bearer`, or a session token as `X-Session-ID`.";
  return new Refusal(401, [{ code: "unauthorized", detail }], {
    "WWW-Authenticate": 'Bearer realm="guildhall"',
  });
}

export function forbidden(code: string, detail: string, source?: ErrorSource): Refusal {
  return refuse(403, code, detail, source);
}

/** Also refuses what exists but belongs to others, because an outsider must not learn that it exists. */
export function notFound(what: string, source?: ErrorSource): Refusal {
  return refuse(404, "not_found", `No such ${what}. Check the id and the environment.`, source);
}

export function conflict(code: string, detail: string, source?: ErrorSource): Refusal {
  return refuse(409, code, detail, source);
}

/** A value that breaks a rule. @param pointer a JSON pointer to a value that exists in the request document. */
export function invalid(code: string, detail: string, pointer: string): Refusal {
  return refuse(422, code, detail, { pointer });
}

export function tooManyRequests(seconds: number): Refusal {
  const detail = `Too many requests. Try again in ${seconds} s.`;
  return new Refusal(429, [{ code: "too_many_requests", detail }], { "Retry-After": String(seconds) });
}

/** Too often, by a rule of the domain. @param seconds until it is allowed again. */
export function tooSoon(code: string, detail: string, seconds: number): Refusal {
  return new Refusal(429, [{ code, detail }], { "Retry-After": String(Math.max(1, Math.ceil(seconds))) });
}

/** Nobody knows whether a change was made. */
export function timedOut(cause: unknown): Refusal {
  const detail =
    "The request took too long. It may still have taken effect: check before you send it again, or repeat it with the same Idempotency-Key.";
  return new Refusal(503, [{ code: "timeout", detail }], { "Retry-After": "2" }, { cause });
}

/** Too much is under way at once, or the database is away. */
export function unavailable(cause?: unknown): Refusal {
  const detail = "Guildhall is busy or its database can't be reached. Try again shortly.";
  return new Refusal(503, [{ code: "unavailable", detail }], { "Retry-After": "2" }, { cause });
}
