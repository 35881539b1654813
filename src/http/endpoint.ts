import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Context as KoaContext } from "koa";
import type { z } from "zod";
import type { AccessRow, Named } from "../access/access-question.ts";
import type { Allow } from "../access/allow.ts";
import type { Caller, OrganizationAccess } from "../access/caller.ts";
import type { Permission } from "../access/permissions.ts";
import type { Context } from "../context.ts";
import type { Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import type { LimitName } from "./rate-limiter.ts";

/** The parameters of a path such as `/api/invitations/:id`, by name. */
type ParamsOf<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer More}`
    ? { [Key in Name]: string } & ParamsOf<`/${More}`>
    : { [Key in Rest]: string }
  : object;

export type Params = Record<string, string>;

/** The shape of a request's body: how to read it, and its schema for the documentation. */
export interface BodyShape<Body> {
  /** Turns the parsed JSON into the handler's input. @throws a Refusal. */
  read(document: unknown, params: Params): Body;
  /** JSON Schema of the document. */
  schema(): JsonSchema;
  /** An example of the document. */
  example?(): unknown;
  /** The body may be left out, with any Content-Type. */
  optional?: true;
}

/** Another form of a body: text of another media type that is read into the same input. */
export interface TextForm<Body, Query = unknown> {
  /** Such as `text/csv`. */
  mediaType: string;
  /** Other media types under which programs send it. */
  alsoTaken: readonly string[];
  /** One sentence that says what to do, for people who send another type. */
  otherwise: string;
  /** One sentence, for the documentation. */
  description: string;
  example: string;
  /** Query parameters for what the text can't say. They are valid only with this form. */
  query: z.ZodType<Query>;
  /** @throws a Refusal. */
  read(text: string, query: Query): Promise<Body>;
}

/**
 * The `data` of a document. Types are given by name, because `http` knows no API. `orNull`: it may be empty, as a to-one
 * relationship. `also`: relationships that the resource has only in this response, each with the type it leads to.
 */
export type AnswerData =
  | { holds: "resource"; type: string; orNull?: true; also?: Record<string, string> }
  | { holds: "collection"; type: string }
  | { holds: "linkage"; type: string; many: boolean };

/** The same for the Bridge API: one record or a page of records. */
export interface Records {
  holds: "record" | "page";
  /** The record's name, such as `Subscription`. */
  name: string;
  of: z.ZodObject;
}

/** A successful response: nothing (204), or a document with `data`, `meta` or both. */
export interface Answers {
  status: 200 | 201 | 202 | 204;
  data?: AnswerData;
  meta?: z.ZodObject;
  /** `meta` is shown once and never stored, so a response replayed by an `Idempotency-Key` omits it. */
  secret?: true;
  records?: Records;
  /** Fields of the documented example that differ from the examples of the shape and the request. */
  example?: object;
  /** The message of a Bridge response. */
  message?: string;
  /** The Bridge API's response if an environment's setting leads to another outcome. */
  otherwise?: { status: 202; message: string /** A sentence. */; when: string };
}

/** An endpoint as data. Everything it requires of a request is declared, so it can be listed, tested and documented. */
export interface Endpoint<Body = unknown, Query = unknown, Path extends string = string, P = Params> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: Path;
  /** Its method name in generated clients. */
  operationId: string;
  /** The group it belongs to in the documentation. */
  tag?: string;
  /** One sentence, for the documentation. */
  summary: string;
  /** Who may call. */
  allow: Allow<{ params: P; body: NoInfer<Body>; query: NoInfer<Query> }>;
  limit: LimitName;
  /** The query parameters it knows. Others are refused. */
  query?: z.ZodType<Query>;
  body?: BodyShape<Body>;
  /** Another form that the body may have. */
  text?: TextForm<Body>;
  /** The most bytes of a body, if 64 KiB are too few. A body over 8 KiB is read only after its caller is authenticated. */
  bodyLimit?: number;
  /** For the documentation and the tests, which check every response against it. Unused at run time. */
  answers: Answers;
  /** With an `Idempotency-Key` it may run again after a deadlock, so it touches only its context's database and queues. */
  handle(request: EndpointRequest<Body, Query, P>): Promise<Answer>;
}

export interface EndpointRequest<Body = unknown, Query = unknown, P = Params> {
  context: Context;
  environment: Pick<AccessRow, "environment_id" | "handle" | "settings" | "environment_permissions">;
  caller: Caller;
  /** The caller as the actor of events. */
  actor: Actor;
  /** The organization that `allow` finds, if there is one. */
  organization: OrganizationAccess | undefined;
  /** @throws 404 or 403 unless the caller has the permission in `organization`. */
  requirePermission(permission: Permission): void;
  params: P;
  body: Body;
  query: Query;
  /** Path and query, for links to the page itself. */
  url: string;
  ip: string;
  headers: IncomingHttpHeaders;
  raw: IncomingMessage;
}

/** A request whose path names one row by `:id`. */
export type OneRequest<Body = unknown, Query = unknown> = EndpointRequest<Body, Query, { id: string }>;

/** The parts of an HTTP request that an endpoint needs. */
export interface Incoming extends Pick<EndpointRequest, "params" | "url" | "ip" | "headers" | "raw"> {
  requestId: string;
}

export interface Answer {
  status: number;
  /** Undefined with 204. */
  document?: object;
  headers?: Record<string, string>;
}

/**
 * Declares an endpoint. Checks that the handler takes exactly what the declaration's own path, `body` and `query`
 * produce, and then forgets these types.
 */
export function endpoint<Body, Query, const Path extends string>(
  declaration: Endpoint<Body, Query, Path, ParamsOf<Path>>,
): Endpoint {
  return declaration as unknown as Endpoint;
}

/** The ways in which the two APIs handle requests differently: media types and refusals. */
export interface Api {
  /** @throws 406 if the API has no media type that the caller accepts. */
  requireAcceptable(headers: IncomingHttpHeaders): void;
  /** @throws 415 if the body has a type that the API doesn't take. */
  requireBodyType(headers: IncomingHttpHeaders): void;
  /**
   * The error sentence for an empty body with a Content-Type. Null if that counts as no body, because front ends send
   * the type with every request.
   */
  emptyBody: string | null;
  send(ctx: KoaContext, document: object): void;
  /** Refuses a caller with no right to know that the thing they named exists. */
  outsider(named: Named): Refusal;
  /** Refuses a member whose role could manage members, if the organization leaves that to its owner. */
  leftToOwner(detail: string): Refusal;
}
