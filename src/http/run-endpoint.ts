import type { Router } from "@koa/router";
import { admit, requireAllowedIn } from "../access/admit.ts";
import { callersOf } from "../access/allow.ts";
import { actorOf, type Caller, nameOfCaller } from "../access/caller.ts";
import { type Credentials, readCredentials } from "../access/credentials.ts";
import type { Permission } from "../access/permissions.ts";
import { requirePermission } from "../access/require-permission.ts";
import type { Context } from "../context.ts";
import { unauthorized, unavailable } from "../errors.ts";
import { createByteBudget } from "../lib/byte-budget.ts";
import type { Answer, Api, Endpoint, Incoming } from "./endpoint.ts";
import { LIMITS, type Limit } from "./rate-limiter.ts";
import { announcedLength, BODY_LIMIT, SMALL_BODY } from "./read-body.ts";
import { readInput } from "./read-input.ts";
import type { RequestState } from "./request-scope.ts";
import { idempotencyKeyOf, runOnce } from "./run-once.ts";

const MIB = 1024 * 1024;

/** Limits the bytes of long bodies that this process reads and works on at once. */
const longBodies = createByteBudget({ most: 32 * MIB, each: 16 * MIB });

/** One request to an endpoint. */
interface Call {
  endpoint: Endpoint;
  api: Api;
  context: Context;
  credentials: Credentials;
  incoming: Incoming;
}

/** Adds endpoints to a router. */
export function routeEndpoints(
  router: Router<RequestState>,
  endpoints: readonly Endpoint[],
  api: Api,
  context: Context,
): void {
  for (const endpoint of endpoints) {
    router.register(endpoint.path, [endpoint.method], async (ctx) => {
      const { params, ip, headers, req: raw, state } = ctx;
      // Not `ctx.url`, which a caller may send with any host.
      const url = ctx.path + ctx.search;
      const incoming = { params, url, ip, headers, raw, requestId: state.requestId };
      const {
        status,
        headers: answered = {},
        document,
      } = await runEndpoint(endpoint, api, context, incoming);
      ctx.status = status;
      ctx.set(answered);
      if (document !== undefined) api.send(ctx, document);
    });
  }
}

/**
 * Runs an endpoint in the order that holds for all of them: negotiate, read the body, find environment, caller and
 * permissions in one round trip, refuse, act. A small body is read before we know who sent it, but only an admitted
 * caller learns what is wrong with it.
 */
async function runEndpoint(
  endpoint: Endpoint,
  api: Api,
  context: Context,
  incoming: Incoming,
): Promise<Answer> {
  api.requireAcceptable(incoming.headers);
  const credentials = await readCredentials(incoming.headers, context);
  if (!credentials.given && callersOf(endpoint.allow) !== "anyone") throw unauthorized();
  const call = { endpoint, api, context, credentials, incoming };
  const length = endpoint.method === "GET" ? 0 : announcedLength(incoming.raw);
  return length <= SMALL_BODY ? runWithin(SMALL_BODY, call) : admitThenRead(length, call);
}

/**
 * Authenticates the caller before reading a long body, which costs a second round trip. Reads the body only if other
 * long ones leave room for it.
 */
async function admitThenRead(length: number, call: Call): Promise<Answer> {
  const { endpoint, context, credentials, incoming } = call;
  const caller: Caller = credentials.isOperator
    ? { kind: "operator" }
    : (await admit(endpoint.allow, context, credentials, incoming, null)).caller;
  count(call, caller);
  const isKnown = caller.kind !== "nobody";
  const limit = isKnown ? (endpoint.bodyLimit ?? BODY_LIMIT) : SMALL_BODY;
  const holder = isKnown ? nameOfCaller(caller) : incoming.ip;
  const answer = longBodies(holder, Math.min(length, limit), () => runWithin(limit, call, { counted: true }));
  if (answer === undefined) throw unavailable(new Error("long bodies take up all the memory they may"));
  return answer;
}

function count({ endpoint, context }: Call, caller: Caller): void {
  if (caller.kind === "user") context.limiter.count(endpoint.limit, caller.user_id);
}

/** @param limit the most bytes of a body. @param counted whether the request has been counted for its caller. */
async function runWithin(limit: number, call: Call, { counted } = { counted: false }): Promise<Answer> {
  const { endpoint, api, context, credentials, incoming } = call;
  const { allow } = endpoint;
  const { params } = incoming;
  const reading = readInput(endpoint, api, incoming, limit);
  const of = "of" in allow ? allow.of : undefined;
  // An invalid body names nothing.
  const named = await reading.then(
    (input) => of?.({ ...input, params }) ?? null,
    () => null,
  );
  const admitted = await admit(allow, context, credentials, incoming, named);
  const { caller, organization } = admitted;
  if (!counted) count(call, caller);
  const { sent, ...input } = await reading;
  const words = { outsider: () => api.outsider(named), leftToOwner: api.leftToOwner };
  const request = {
    ...incoming,
    ...input,
    ...admitted,
    context,
    actor: actorOf(caller, incoming.requestId),
    requirePermission: (permission: Permission) => requirePermission(organization, permission, words),
  };
  const judge = () => requireAllowedIn(allow, named, request);
  const isJudgedFirst = allow.kind !== "member" || allow.judged === "first";
  if (isJudgedFirst) judge();
  const { perOrganization }: Limit = LIMITS[endpoint.limit];
  if (caller.kind === "user" && perOrganization !== undefined && organization !== undefined)
    context.limiter.count(perOrganization, organization.id);

  const act: Endpoint["handle"] = async (within) => {
    if (!isJudgedFirst) judge();
    return endpoint.handle(within);
  };
  const key = isKeyed(endpoint, caller) ? idempotencyKeyOf(incoming.raw) : undefined;
  if (key === undefined) return act(request);
  if (caller.kind === "user") context.limiter.count("keyed", caller.user_id);
  return runOnce({ ...endpoint, handle: act }, request, { key, sent });
}

/** Link holders are anonymous, so a key would have no owner. Answering a link twice is idempotent anyway. */
function isKeyed({ method }: Endpoint, caller: Caller): boolean {
  return method !== "GET" && caller.kind !== "nobody";
}
