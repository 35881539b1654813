import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { z } from "zod";
import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import type { Permission } from "../permissions.ts";
import type { AccessQuestion, AccessRow } from "../sessions/access-question.ts";
import type { Caller, OrganizationAccess } from "./caller.ts";
import type { LimitName } from "./rate-limiter.ts";

/**
 * Who may call: `operator` holds the operator's token; `caller` any valid credential, within what it allows; `anyone`
 * also no credential, and the handler decides (a link in the body); `user` a session alone; `program` the operator's or an access token.
 */
export type Who = "operator" | "caller" | "anyone" | "user" | "program";

export type Params = Record<string, string>;

/** The body of a request: how it is read, and what it may be, for the documentation. */
export interface BodyShape<Body> {
  /** From the parsed JSON to what the handler gets. @throws a Refusal. */
  read(document: unknown, params: Params): Body;
  /** JSON Schema of the document. */
  schema(): JsonSchema;
  /** An example of the document. */
  example?(): unknown;
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
export interface Endpoint<Body = unknown, Query = unknown> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  /** Its name in generated clients. */
  operationId: string;
  /** The group it belongs to in the documentation. */
  tag?: string;
  /** One sentence, for the documentation. */
  summary: string;
  who: Who;
  /**
   * Where the environment comes from: the request (default), or the invitation in the path, whose link a person may
   * open under any name of the service; `none`: the endpoint is about environments themselves.
   */
  environmentFrom?: "request" | "invitation" | "none";
  /**
   * What an API client's token must allow, e.g. `invitations:write`. Undefined with `who: "operator"`, where no client
   * comes in.
   */
  scope?: string;
  /** What a signed-in user must be allowed in the environment, by a role given to them there. */
  environmentPermission?: Permission;
  limit: LimitName;
  /** The query parameters it knows; any other is refused. */
  query?: z.ZodType<Query>;
  body?: BodyShape<Body>;
  /** The other form the same may come in. */
  text?: TextForm<Body>;
  /** Bytes a body may have, where the usual 64 KiB are too few. */
  bodyLimit?: number;
  /** The organization whose rights count. Needed with `permission`. */
  organization?: (input: { params: Params; body: Body; query: Query }) => AccessQuestion["organization"];
  /** What the caller must be allowed there. Where it depends on the request, the handler asks by `require`. */
  permission?: Permission;
  /** Set where what is asked for may as well be the caller's own: then no permission is needed. */
  personal?: true;
  /** For the documentation, and for tests that hold every answer against it; at runtime nothing looks at it. */
  answers: Answers;
  /** Who may do it, in a sentence for the documentation, where that depends on the request. */
  allowed?: string;
  /** With an `Idempotency-Key` it may run again after a deadlock: it touches nothing but its context's database and queues. */
  handle(request: EndpointRequest<Body, Query>): Promise<Answer>;
}

export interface EndpointRequest<Body = unknown, Query = unknown> {
  context: Context;
  environment: Pick<AccessRow, "environment_id" | "handle" | "settings" | "environment_permissions">;
  caller: Caller;
  /** The caller, as events tell it. */
  actor: Actor;
  /** Set when the endpoint declares an organization and the caller may know of it. */
  organization: OrganizationAccess | undefined;
  /** @throws 404 or 403 unless the caller has the permission in `organization`. */
  require(permission: Permission): void;
  params: Params;
  body: Body;
  query: Query;
  /** Path and query, for links to this very page. */
  url: string;
  ip: string;
  headers: IncomingHttpHeaders;
  raw: IncomingMessage;
}

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
 * Keeps the types of body and query between the declaration's parts, and forgets them afterwards: whoever runs an
 * endpoint hands its handler exactly what its own `body` and `query` returned.
 */
export function endpoint<Body, Query>(declaration: Endpoint<Body, Query>): Endpoint {
  return declaration as unknown as Endpoint;
}
