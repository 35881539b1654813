import { clientCaller } from "../access/oauth/authenticate-client.ts";
import type { Context } from "../context.ts";
import { forbidden, notFound, unauthorized } from "../errors.ts";
import { type AccessQuestion, type AccessRow, NO_ACCESS } from "../sessions/access-question.ts";
import { type Caller, requireInEnvironment } from "./caller.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoint, Incoming } from "./endpoint.ts";
import { requestedEnvironments, requireNamed } from "./environment-candidates.ts";
import { resolveCaller } from "./resolve-caller.ts";

/** Who came in, and what is known of them. */
export interface Entered {
  access: AccessRow;
  caller: Caller;
}

/**
 * Finds out who asks, in one round trip for environment, caller and rights (more only for somebody another service may
 * know), and turns away whom the endpoint is not for. Only the operator hears that there is no such environment: to anyone
 * else it is as if there were one in which they are unknown, or handles could be probed.
 * @param asked the organization whose rights will count.
 * @throws 404 without an environment, 401, 403, 429 after too many wrong credentials from one address.
 */
export async function enter(
  endpoint: Endpoint,
  context: Context,
  credentials: Credentials,
  incoming: Incoming,
  asked: AccessQuestion["organization"],
): Promise<Entered> {
  const { params, headers } = incoming;
  const byInvitation = endpoint.environmentFrom === "invitation";
  const isNeeded = !byInvitation && endpoint.environmentFrom !== "none";
  const environments = byInvitation ? [] : requestedEnvironments(context.settings, headers);
  if (isNeeded) requireNamed(environments);
  const question: AccessQuestion = {
    environments,
    environmentOf: byInvitation ? (params.id ?? null) : null,
    sessionHash: credentials.sessionHash,
    clientId: credentials.grant?.client_id ?? null,
    organization: asked,
  };
  const found = await resolveCaller(context, question, credentials, incoming);
  if (found === undefined && byInvitation) throw notFound("invitation");
  if (found === undefined && isNeeded && credentials.isOperator) throw notFound("environment");
  const access = found ?? NO_ACCESS;
  const caller = callerOf(credentials, access, context.settings.PUBLIC_URL);
  if (caller.kind === "nobody" && credentials.given) context.limiter.count("wrong_credential", incoming.ip);
  admit(endpoint, caller, credentials.given);
  requireInEnvironment(caller, endpoint, access.environment_permissions);
  return { access, caller };
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
    throw forbidden("operator_only", "Only the operator's token may do this.");
  }
  if (who === "user" && caller.kind !== "user")
    throw forbidden("session_required", "This is for signed-in users: send a session.");
  if (who === "program" && caller.kind === "user")
    throw forbidden("program_only", "This is for programs: send the operator's or an access token.");
  // Closed unless opened: an endpoint that forgot its scope gives nothing away.
  if (caller.kind === "client" && scope === undefined) {
    throw forbidden("scope_missing", "No access token may do this.");
  }
}
