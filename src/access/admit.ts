import type { Context } from "../context.ts";
import { forbidden, notFound, unauthorized } from "../errors.ts";
import type { EndpointRequest, Incoming } from "../http/endpoint.ts";
import { type AccessQuestion, type AccessRow, type Named, NO_ACCESS } from "./access-question.ts";
import { type Allow, callersOf, environmentOf, scopeOf } from "./allow.ts";
import { type Caller, type OrganizationAccess, organizationAccess } from "./caller.ts";
import type { Credentials } from "./credentials.ts";
import { clientCaller } from "./oauth/authenticate-client.ts";
import { recognizeCaller } from "./recognize-caller.ts";
import { requestedEnvironments, requireNamed } from "./requested-environments.ts";
import { requireInEnvironment, requireScope } from "./require-permission.ts";

/** An admitted caller, and the environment and organization that the request is about. */
interface Admitted {
  environment: AccessRow;
  caller: Caller;
  /** Undefined if this environment has no such organization. */
  organization: OrganizationAccess | undefined;
}

/**
 * Identifies the caller and refuses those whom the endpoint isn't for. One round trip finds environment, caller and
 * permissions; only people of another service may need more. Only the operator learns that an environment doesn't
 * exist. Anyone else gets the same answer as in an environment that doesn't know them. Otherwise handles could be
 * probed.
 * @param named the organization whose permissions will count.
 * @throws 404 without an environment, 401, 403, 429 after too many wrong credentials from one address.
 */
export async function admit(
  allow: Allow,
  context: Context,
  credentials: Credentials,
  incoming: Incoming,
  named: Named,
): Promise<Admitted> {
  const { params, headers } = incoming;
  const from = environmentOf(allow);
  const environments = from === "invitation" ? [] : requestedEnvironments(context.settings, headers);
  if (from === "request") requireNamed(environments);
  const question: AccessQuestion = {
    environments,
    environmentOf: from === "invitation" ? (params.id ?? null) : null,
    sessionHash: credentials.sessionHash,
    clientId: credentials.grant?.client_id ?? null,
    organization: named,
  };
  const found = await recognizeCaller(context, question, credentials, incoming);
  if (found === undefined && from === "invitation") throw notFound("invitation");
  if (found === undefined && from === "request" && credentials.isOperator) throw notFound("environment");
  const environment = found ?? NO_ACCESS;
  const caller = callerOf(credentials, environment, context.settings.PUBLIC_URL);
  if (caller.kind === "nobody" && credentials.given) context.limiter.count("wrong_credential", incoming.ip);
  requireAllowed(allow, caller, credentials.given);
  if (allow.kind === "inEnvironment")
    requireInEnvironment(caller, allow.permission, environment.environment_permissions);
  return { environment, caller, organization: organizationAccess(environment, caller) };
}

function callerOf({ isOperator, grant }: Credentials, row: AccessRow, publicUrl: string): Caller {
  if (isOperator) return { kind: "operator" };
  if (grant !== null) return clientCaller(grant, row, publicUrl);
  const { user_id, session_id, email_canonical, email_verified } = row;
  if (user_id === null || session_id === null || email_canonical === null) return { kind: "nobody" };
  return { kind: "user", user_id, session_id, email_canonical, email_verified };
}

/** Refuses a wrong credential even where none is needed. */
function requireAllowed(allow: Allow, caller: Caller, given: boolean): void {
  const callers = callersOf(allow);
  if (caller.kind === "nobody" && (given || callers !== "anyone")) throw unauthorized();
  if (callers === "operator" && caller.kind !== "operator")
    throw forbidden("operator_only", "Only the operator's token may do this.");
  if (callers === "user" && caller.kind !== "user")
    throw forbidden("session_required", "This is for signed-in users: send a session.");
  if (callers === "program" && caller.kind === "user")
    throw forbidden("program_only", "This is for programs: send the operator's or an access token.");
  const scope = scopeOf(allow);
  if (scope !== undefined) requireScope(caller, scope);
}

/**
 * Checks the permission that the endpoint needs in an organization. If the request names no organization, and nothing
 * that belongs to one, it may be about something of the caller's own.
 * @throws 404 or 403.
 */
export function requireAllowedIn(allow: Allow, named: Named, request: Judged): void {
  const isOwn = request.organization === undefined && named?.organization === undefined;
  if (allow.kind === "member" && !(allow.orOwn && isOwn)) request.requirePermission(allow.permission);
}

type Judged = Pick<EndpointRequest, "organization" | "requirePermission">;
