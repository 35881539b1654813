import type { Context } from "../context.ts";
import { unauthorized, unavailable } from "../errors.ts";
import { createByteBudget } from "../lib/byte-budget.ts";
import type { Permission } from "../permissions.ts";
import type { AccessQuestion } from "../sessions/access-question.ts";
import {
  actorOf,
  type Caller,
  nameOfCaller,
  type OrganizationAccess,
  organizationAccess,
  requirePermission,
} from "./caller.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import type { Answer, Endpoint, Incoming } from "./endpoint.ts";
import { enter } from "./enter.ts";
import type { Face } from "./face.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { announcedLength, BODY_LIMIT, SMALL_BODY } from "./read-body.ts";
import { readInput } from "./read-input.ts";
import { runOnce } from "./run-once.ts";

const MIB = 1024 * 1024;

/** Bytes of long bodies that may be read and worked on at once in this process. */
const longBodies = createByteBudget({ most: 32 * MIB, each: 16 * MIB });

/**
 * The one order in which every endpoint is run: negotiate, read the body, one round trip for environment, caller and
 * rights, refuse, do. Only a caller who may know of the endpoint hears what is wrong with a body. A long body is read
 * only for a caller who is known, which costs a second round trip, and only while other long ones leave room for it.
 * What was done before with the same `Idempotency-Key` is answered again, once the caller is let in.
 */
export async function runEndpoint(
  endpoint: Endpoint,
  face: Face,
  context: Context,
  incoming: Incoming,
): Promise<Answer> {
  const { headers } = incoming;
  face.requireAcceptable(headers);
  const credentials = await readCredentials(headers, context);
  if (!credentials.given && endpoint.who !== "anyone") throw unauthorized();
  const asking = { endpoint, face, context, credentials, incoming };
  const length = endpoint.method === "GET" ? 0 : announcedLength(incoming.raw);
  if (length <= SMALL_BODY) return runWithin(SMALL_BODY, asking);

  const caller: Caller = credentials.isOperator
    ? { kind: "operator" }
    : (await enter(endpoint, context, credentials, incoming, null)).caller;
  count(asking, caller);
  const isKnown = caller.kind !== "nobody";
  const limit = isKnown ? (endpoint.bodyLimit ?? BODY_LIMIT) : SMALL_BODY;
  const holder = isKnown ? nameOfCaller(caller) : incoming.ip;
  const answer = longBodies(holder, Math.min(length, limit), () =>
    runWithin(limit, asking, { counted: true }),
  );
  if (answer === undefined) throw unavailable(new Error("long bodies take up all the memory they may"));
  return answer;
}

interface Asking {
  endpoint: Endpoint;
  face: Face;
  context: Context;
  credentials: Credentials;
  incoming: Incoming;
}

function count({ endpoint, context }: Asking, caller: Caller): void {
  if (caller.kind === "user") context.limiter.count(endpoint.limit, caller.user_id);
}

/** @param limit bytes of a body. @param counted whether the caller's request counts already. */
async function runWithin(limit: number, asking: Asking, { counted } = { counted: false }): Promise<Answer> {
  const { endpoint, face, context, credentials, incoming } = asking;
  const { params, requestId } = incoming;
  const input = await readInput(endpoint, face, incoming, limit);
  const asked = "refusal" in input ? null : (endpoint.organization?.({ params, ...input }) ?? null);
  const { access, caller } = await enter(endpoint, context, credentials, incoming, asked);
  if (!counted) count(asking, caller);
  if ("refusal" in input) throw input.refusal;
  const organization = organizationAccess(access, caller);
  const require = (permission: Permission) =>
    requirePermission(organization, permission, { face, row: access, asked });
  if (endpoint.permission !== undefined && !isPersonal(endpoint, organization, asked))
    require(endpoint.permission);
  if (caller.kind === "user" && endpoint.limit === "invite" && organization !== undefined)
    context.limiter.count("invite_organization", organization.id);

  const actor = actorOf(caller, requestId);
  const { sent, ...read } = input;
  const request = {
    ...incoming,
    ...read,
    context,
    environment: access,
    caller,
    actor,
    organization,
    require,
  };
  const key = isKeyed(endpoint, caller) ? idempotencyKeyOf(incoming.raw) : undefined;
  if (key === undefined) return endpoint.handle(request);
  if (caller.kind === "user") context.limiter.count("keyed", caller.user_id);
  return runOnce(endpoint, request, { key, sent });
}

/** Of a link's holder nobody knows who they are, and a link is answered the same twice anyway. */
function isKeyed({ method }: Endpoint, caller: Caller): boolean {
  return method !== "GET" && caller.kind !== "nobody";
}

/** Where no organization is named, or none owns what is, it is the caller's own or nobody's: the verb's query tells. */
function isPersonal(
  { personal }: Endpoint,
  organization: OrganizationAccess | undefined,
  asked: AccessQuestion["organization"],
): boolean {
  return personal === true && organization === undefined && asked?.organization === undefined;
}
