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

/** The body of a request: how it is read, and what it may be, for the documentation. */
export interface BodyShape<Body> {
  /** From the parsed JSON to what the handler gets. @throws a Refusal. */
  read(document: unknown, params: Params): Body;
  /** JSON Schema of the document. */
  schema(): JsonSchema;
  /** An example of the document. */
  example?: unknown;
  /** It may be left out, whatever type the headers name. */
  optional?: true;
}

/** Another form a body may come in: text of a media type of its own, which is read to the very same. */
export interface TextForm<Body, Query = unknown> {
  /** Such as `text/csv`. */
  mediaType: string;
  /** Other names programs send it under. */
  alsoTaken: readonly string[];
  /** What to do, for somebody who sends another type: one sentence. */
  otherwise: string;
  /** One sentence, for the documentation. */
  description: string;
  example: string;
  /** What it can't say itself: the query parameters that go with it, unknown to every other body. */
  query: z.ZodType<Query>;
  /** @throws a Refusal. */
  read(text: string, query: Query): Promise<Body>;
}

/**
 * What a document holds as `data`. Types are named, for `http` knows no face. `orNull`: where a to-one relationship is
 * empty; `also`: relationships the resource has in this answer only, by name the type they lead to.
 */
export type AnswerData =
  | { holds: "resource"; type: string; orNull?: true; also?: Record<string, string> }
  | { holds: "collection"; type: string }
  | { holds: "linkage"; type: string; many: boolean };

/** The same of the Bridge API: one record or a page of them, by the shape that shows it. */
export interface Records {
  holds: "record" | "page";
  /** Of what, such as `Subscription`. */
  name: string;
  of: z.ZodObject;
}

/** What is answered when all goes well: nothing (204), or a document with `data`, `meta` or both. */
export interface Answers {
  status: 200 | 201 | 202 | 204;
  data?: AnswerData;
  meta?: z.ZodObject;
  /** What `meta` holds is shown this once and kept nowhere: what is answered again by an `Idempotency-Key` has none of it. */
  secret?: true;
  records?: Records;
  /** Fields of the documented example that differ from those of the shape and of the request. */
  example?: object;
  /** What a Bridge answer says besides. */
  message?: string;
  /** What the Bridge API answers where an environment's setting has something else done. */
  otherwise?: { status: 202; message: string /** A sentence. */; when: string };
}

/** An endpoint as data: everything it asks of a request is declared, so it can be listed, tested and documented. */
export interface Endpoint<Body = unknown, Query = unknown, Path extends string = string, P = Params> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: Path;
  /** Its name in generated clients, and the group it belongs to in the documentation. */
  operationId?: string;
  tag?: string;
  /** One sentence, for the documentation. */
  summary: string;
  /** Who may call. */
  allow: Allow<{ params: P; body: NoInfer<Body>; query: NoInfer<Query> }>;
  limit: LimitName;
  /** The query parameters it knows; any other is refused. */
  query?: z.ZodType<Query>;
  body?: BodyShape<Body>;
  /** The other form the same may come in. */
  text?: TextForm<Body>;
  /** Bytes a body may have, where the usual 64 KiB are too few. */
  bodyLimit?: number;
  /** For the documentation, and for tests that hold every answer against it; at runtime nothing looks at it. */
  answers: Answers;
  /** With an `Idempotency-Key` it may run again after a deadlock: it touches nothing but its context's database and queues. */
  handle(request: EndpointRequest<Body, Query, P>): Promise<Answer>;
}

export interface EndpointRequest<Body = unknown, Query = unknown, P = Params> {
  context: Context;
  environment: Pick<AccessRow, "environment_id" | "handle" | "settings" | "environment_permissions">;
  caller: Caller;
  /** The caller, as events tell it. */
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

/** What an endpoint gets from whatever serves HTTP. */
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
