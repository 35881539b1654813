import type { Knex } from "knex";
import type { ERRORS } from "./error-codes.ts";

type Table = (typeof ERRORS)[keyof typeof ERRORS];
type KeysOf<Union> = Union extends unknown ? keyof Union : never;
type Codes = { [Status in ErrorStatus]: KeysOf<Extract<Table, Record<Status, object>>[Status]> };

/** Every status of a refusal. */
export type ErrorStatus = KeysOf<Table>;

/** The codes of a status; all there are, if none is given. */
export type ErrorCode<Status extends ErrorStatus = ErrorStatus> = Codes[Status];

/** Where in a request the trouble lies, as JSON:API has it. */
export interface ErrorSource {
  pointer?: string;
  parameter?: string;
  header?: string;
}

export interface ErrorItem<Status extends ErrorStatus = ErrorStatus> {
  /** Stable, for machines. */
  code: ErrorCode<Status>;
  /** For people: says what to do. */
  detail: string;
  source?: ErrorSource;
}

/** The most problems one refusal names: a body of nonsense may hold thousands, and each costs time and bytes. */
export const MOST_PROBLEMS = 50;

/** Every refusal: an HTTP status and one or more items. Each API decides how to send it. */
export class Refusal<Status extends ErrorStatus = ErrorStatus> extends Error {
  readonly status: ErrorStatus;
  readonly items: [ErrorItem, ...ErrorItem[]];
  /** Headers the answer must carry, e.g. `Retry-After`. */
  readonly headers: Record<string, string>;
  /** Writes again what stays true although the request is refused, where refusing it undid everything (`run-once.ts`). */
  stands?: (db: Knex) => Promise<unknown>;

  constructor(
    status: Status,
    items: [ErrorItem<NoInfer<Status>>, ...ErrorItem<NoInfer<Status>>[]],
    headers: Record<string, string> = {},
    options?: ErrorOptions,
  ) {
    super(items[0].detail, options);
    this.name = "Refusal";
    this.status = status;
    this.items = items;
    this.headers = headers;
  }

  get code(): ErrorCode {
    return this.items[0].code;
  }
}

function refuse<Status extends ErrorStatus>(
  status: Status,
  code: ErrorCode<Status>,
  detail: string,
  source?: ErrorSource,
): Refusal {
  return new Refusal(status, [source === undefined ? { code, detail } : { code, detail, source }]);
}

export function badRequest(code: ErrorCode<400>, detail: string, source?: ErrorSource): Refusal {
  return refuse(400, code, detail, source);
}

export function unauthorized(): Refusal {
  const detail =
    "Send a valid credential: an operator or session token as `Authorization: Bearer`, or a session token as `X-Session-ID`.";
  return new Refusal(401, [{ code: "unauthorized", detail }], {
    "WWW-Authenticate": 'Bearer realm="guildhall"',
  });
}

export function forbidden(code: ErrorCode<403>, detail: string, source?: ErrorSource): Refusal {
  return refuse(403, code, detail, source);
}

/** Also refuses what exists but belongs to others, because an outsider must not learn that it exists. */
export function notFound(what: string, source?: ErrorSource): Refusal {
  return refuse(404, "not_found", `No such ${what}. Check the id and the environment.`, source);
}

export function conflict(code: ErrorCode<409>, detail: string, source?: ErrorSource): Refusal {
  return refuse(409, code, detail, source);
}

/** A value that breaks a rule. @param pointer a JSON pointer to a value that exists in the request document. */
export function invalid(code: ErrorCode<422>, detail: string, pointer: string): Refusal {
  return refuse(422, code, detail, { pointer });
}

export function tooManyRequests(seconds: number): Refusal {
  const detail = `Too many requests. Try again in ${seconds} s.`;
  return new Refusal(429, [{ code: "too_many_requests", detail }], { "Retry-After": String(seconds) });
}

/** Too often, by a rule of the domain. @param seconds until it is allowed again. */
export function tooSoon(code: ErrorCode<429>, detail: string, seconds: number): Refusal {
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
