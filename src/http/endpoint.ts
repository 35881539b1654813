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
export type ParamsOf<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer More}`
    ? { [Key in Name]: string } & ParamsOf<`/${More}`>
    : { [Key in Rest]: string }
  : object;

export type Params = Record<string, string>;

/** The body of a request: how to read it, and its schema for the documentation. */
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

/** Another form of a body: text of its own media type, which is read into the same input. */
export interface TextForm<Body, Query = unknown> {
  /** Such as `text/csv`. */
  mediaType: string;
  /** Other names programs send it under. */
  alsoTaken: readonly string[];
  /** One sentence that tells people who send another type what to do. */
  otherwise: string;
  /** One sentence, for the documentation. */
  description: string;
  example: string;
  /** The query parameters that go with it, for what the text can't say. No other body takes them. */
  query: z.ZodType<Query>;
  /** @throws a Refusal. */
  read(text: string, query: Query): Promise<Body>;
}

/**
 * The `data` of a document. Types are given by name, because `http` knows no API. `orNull`: a to-one relationship may be
 * empty. `also`: relationships the resource has in this answer only, each with the type it leads to.
 */
export type AnswerData =
  | { holds: "resource"; type: string; orNull?: true; also?: Record<string, string> }
  | { holds: "collection"; type: string }
  | { holds: "linkage"; type: string; many: boolean };

/** The same for the Bridge API: one record or a page of them, with the shape that shows it. */
export interface Records {
  holds: "record" | "page";
  /** The record's name, such as `Subscription`. */
  name: string;
  of: z.ZodObject;
}

/** The answer when all goes well: nothing (204), or a document with `data`, `meta` or both. */
export interface Answers {
  status: 200 | 201 | 202 | 204;
  data?: AnswerData;
  meta?: z.ZodObject;
  /** `meta` is shown once and stored nowhere, so an answer repeated by an `Idempotency-Key` lacks it. */
  secret?: true;
  records?: Records;
  /** Fields of the documented example that differ from those of the shape and of the request. */
  example?: object;
  /** The message of a Bridge answer. */
  message?: string;
  /** The Bridge API's answer where an environment's setting leads to another outcome. */
  otherwise?: { status: 202; message: string /** A sentence. */; when: string };
}

/** An endpoint as data: everything it asks of a request is declared, so it can be listed, tested and documented. */
export interface Endpoint<Body = unknown, Query = unknown, Path extends string = string, P = Params> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: Path;
  /** Its name in generated clients. */
  operationId: string;
  /** The group it belongs to in the documentation. */
  tag?: string;
  /** One sentence, for the documentation. */
  summary: string;
  /** Who may call. */
  allow: Allow<{ params: P; body: NoInfer<Body>; query: NoInfer<Query> }>;
  limit: LimitName;
  /** The query parameters it knows; any other is refused. */
  query?: z.ZodType<Query>;
  body?: BodyShape<Body>;
  /** Another form that the body may have. */
  text?: TextForm<Body>;
  /** Bytes a body may have where 64 KiB are too few. A body over 8 KiB is read only after its caller is authenticated. */
  bodyLimit?: number;
  /** For the documentation, and for the tests, which check every answer against it. Unused at runtime. */
  answers: Answers;
  /** May run again after a deadlock, with an `Idempotency-Key`, so it touches only its context's database and queues. */
  handle(request: EndpointRequest<Body, Query, P>): Promise<Answer>;
}

export interface EndpointRequest<Body = unknown, Query = unknown, P = Params> {
  context: Context;
  environment: Pick<AccessRow, "environment_id" | "handle" | "settings" | "environment_permissions">;
  caller: Caller;
  /** The caller as the actor of events. */
  actor: Actor;
  /** The organization that `allow` names, where there is one. */
  organization: OrganizationAccess | undefined;
  /** @throws 404 or 403 unless the caller has the permission in `organization`. */
  requirePermission(permission: Permission): void;
  params: P;
  body: Body;
  query: Query;
  /** Path and query, for links to this very page. */
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
  /** Absent with 204. */
  document?: object;
  headers?: Record<string, string>;
}

/**
 * Keeps the types of path, body and query between the declaration's parts, and forgets them afterwards: an endpoint's
 * handler gets exactly what its own `body` and `query` returned.
 */
export function endpoint<Body, Query, const Path extends string>(
  declaration: Endpoint<Body, Query, Path, ParamsOf<Path>>,
): Endpoint {
  return declaration as unknown as Endpoint;
}

/** How an API differs from the other in handling any request: its media types, and how it refuses. */
export interface Api {
  /** @throws 406 when the API has no media type that the caller accepts. */
  requireAcceptable(headers: IncomingHttpHeaders): void;
  /** @throws 415 when a body comes in another type than the API takes. */
  requireBodyType(headers: IncomingHttpHeaders): void;
  /**
   * The sentence for a body that its type announced and that is empty; null: it counts as none, for front ends send the
   * type with every request.
   */
  emptyBody: string | null;
  /** Puts a document on the wire. */
  send(ctx: KoaContext, document: object): void;
  /** Refuses a caller with no right to know that what they named exists. */
  outsider(named: Named): Refusal;
  /** Refuses a member whose role could manage members, where the organization leaves that to its owner. */
  leftToOwner(detail: string): Refusal;
}
