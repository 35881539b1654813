import type { Context } from "../context.ts";
import { badRequest, notFound, Refusal, unauthorized } from "../errors.ts";
import { clientCaller } from "../oauth/client-caller.ts";
import type { Permission } from "../permissions.ts";
import { type AccessQuestion, type AccessRow, NO_ACCESS, resolveAccess } from "../sessions/resolve-access.ts";
import {
  actorOf,
  type Caller,
  type OrganizationAccess,
  organizationAccess,
  requireInEnvironment,
  requirePermission,
} from "./caller.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import type { Answer, Endpoint, EndpointRequest } from "./endpoint.ts";
import { requestedEnvironments } from "./environment-candidates.ts";
import type { Face } from "./face.ts";
import { parseJson, readText } from "./read-body.ts";
import { readQuery } from "./read-query.ts";

/** What an endpoint gets from whatever serves HTTP. */
export interface Incoming extends Pick<EndpointRequest, "params" | "url" | "ip" | "headers" | "raw"> {
  requestId: string;
}

/**
 * The one order in which every endpoint is run: negotiate, read the body, one round trip for environment, caller and
 * rights, refuse, do. A wrong body is complained of only to a caller who may know that the endpoint is there.
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

  const input = await readInput(endpoint, face, incoming);
  const asked = "refusal" in input ? null : (endpoint.organization?.({ params, ...input }) ?? null);
  const byInvitation = endpoint.environmentFrom === "invitation";
  const found = await resolveAccess(context.db, {
    environments: byInvitation ? [] : requestedEnvironments(context.settings, headers),
    environmentOf: byInvitation ? (params.id ?? null) : null,
    sessionHash: credentials.sessionHash,
    clientId: credentials.grant?.client_id ?? null,
    organization: asked,
  });
  if (found === undefined && byInvitation) throw notFound("invitation");
  if (found === undefined && endpoint.environmentFrom !== "none") throw notFound("environment");
  const access = found ?? NO_ACCESS;
  const caller = callerOf(credentials, access, context.settings.PUBLIC_URL);
  admit(endpoint, caller, credentials.given);
  requireInEnvironment(caller, endpoint, access.environment_permissions);
  if (caller.kind === "user") context.limiter.count(endpoint.limit, caller.user_id);
  if ("refusal" in input) throw input.refusal;
  const organization = organizationAccess(access, caller);
  const require = (permission: Permission) =>
    requirePermission(organization, permission, { face, row: access, asked });
  if (endpoint.permission !== undefined && !isPersonal(endpoint, organization, asked))
    require(endpoint.permission);

  const actor = actorOf(caller, requestId);
  return endpoint.handle({
    ...incoming,
    ...input,
    context,
    environment: access,
    caller,
    actor,
    organization,
    require,
  });
}

/** Where no organization is named, or none owns what is, it is the caller's own or nobody's: the verb's query tells. */
function isPersonal(
  { personal }: Endpoint,
  organization: OrganizationAccess | undefined,
  asked: AccessQuestion["organization"],
): boolean {
  return personal === true && organization === undefined && asked?.organization === undefined;
}

type Input = { body: unknown; query: unknown } | { refusal: unknown };

async function readInput(
  endpoint: Endpoint,
  face: Face,
  { raw, headers, params, url }: Incoming,
): Promise<Input> {
  try {
    const query = readQuery(endpoint.query, url);
    // A body nobody asked for is read all the same: what is no document of the face is refused, not overlooked.
    const document =
      endpoint.method === "GET" ? undefined : await readDocument(endpoint, face, { raw, headers });
    return { body: endpoint.body?.read(document, params), query };
  } catch (refusal) {
    return { refusal };
  }
}

/**
 * An absent body is `undefined`: whether one is needed is the endpoint's to say. Clients that name a type and send
 * nothing are many, and where nothing is asked for nothing is missing.
 */
async function readDocument(
  { body }: Endpoint,
  face: Face,
  { raw, headers }: Pick<Incoming, "raw" | "headers">,
): Promise<unknown> {
  const text = await readText(raw);
  if (text === "" && (body === undefined || headers["content-type"] === undefined)) return undefined;
  face.requireBodyType(headers);
  if (text === "") throw badRequest("empty_body", face.emptyBody);
  return parseJson(text);
}

function callerOf({ isOperator, grant }: Credentials, row: AccessRow, publicUrl: string): Caller {
  if (isOperator) return { kind: "operator" };
  if (grant !== null) return clientCaller(grant, row, publicUrl);
  const { user_id, session_id, email_canonical, email_verified } = row;
  if (user_id === null || session_id === null || email_canonical === null) return { kind: "nobody" };
  return { kind: "user", user_id, session_id, email_canonical, email_verified };
}

/** A credential that came and is wrong is refused even where none is needed. */
function admit({ who, scope }: Endpoint, caller: Caller, given: boolean): void {
  if (caller.kind === "nobody" && (given || who !== "anyone")) throw unauthorized();
  if (who === "operator" && caller.kind !== "operator") {
    const detail = "Only the operator's token may do this.";
    throw new Refusal(403, [{ code: "operator_only", detail }]);
  }
  if (who === "user" && caller.kind !== "user") {
    const detail = "This is for signed-in users: send a session.";
    throw new Refusal(403, [{ code: "session_required", detail }]);
  }
  // Closed unless opened: an endpoint that forgot its scope gives nothing away.
  if (caller.kind === "client" && scope === undefined) {
    throw new Refusal(403, [{ code: "scope_missing", detail: "No access token may do this." }]);
  }
}
