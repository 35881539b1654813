import type { Context } from "../context.ts";
import { unauthorized } from "../errors.ts";
import type { Permission } from "../permissions.ts";
import type { AccessQuestion } from "../sessions/access-question.ts";
import {
  actorOf,
  type Caller,
  type OrganizationAccess,
  organizationAccess,
  requirePermission,
} from "./caller.ts";
import { readCredentials } from "./credentials.ts";
import type { Answer, Endpoint, Incoming } from "./endpoint.ts";
import { enter } from "./enter.ts";
import type { Face } from "./face.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { readInput } from "./read-input.ts";
import { runOnce } from "./run-once.ts";

/**
 * The one order in which every endpoint is run: negotiate, read the body, one round trip for environment, caller and
 * rights, refuse, do. A wrong body is complained of only to a caller who may know that the endpoint is there; a large
 * one is read of nobody else, which costs a round trip more. What was done before by the same `Idempotency-Key` is
 * answered in place of doing it, once the caller is let in like anybody.
 */
export async function runEndpoint(
  endpoint: Endpoint,
  face: Face,
  context: Context,
  incoming: Incoming,
): Promise<Answer> {
  const { params, headers, requestId } = incoming;
  face.requireAcceptable(headers);
  const credentials = await readCredentials(headers, context);
  if (!credentials.given && endpoint.who !== "anyone") throw unauthorized();
  const count = (by: Caller) => {
    if (by.kind === "user") context.limiter.count(endpoint.limit, by.user_id);
  };
  const isLarge = endpoint.bodyLimit !== undefined;
  if (isLarge) count((await enter(endpoint, context, credentials, incoming, null)).caller);

  const input = await readInput(endpoint, face, incoming);
  const asked = "refusal" in input ? null : (endpoint.organization?.({ params, ...input }) ?? null);
  const { access, caller } = await enter(endpoint, context, credentials, incoming, asked);
  if (!isLarge) count(caller);
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
