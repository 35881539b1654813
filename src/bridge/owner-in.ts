import type { Owner, Reach } from "../billing/owned-by.ts";
import { forbidden } from "../errors.ts";
import type { EndpointRequest } from "../http/endpoint.ts";

type Asked = Pick<EndpointRequest, "caller" | "environment" | "organization">;

/** Who signed in. @throws 403 for programs: an endpoint that comes here declares `who: "user"`. */
export function userIn({ caller }: Pick<Asked, "caller">): string {
  if (caller.kind === "user") return caller.user_id;
  throw forbidden("session_required", "This is for signed-in users: send a session.");
}

/** Whose resources a signed-in user means: the organization's they name, else their own. */
export function ownerIn(request: Asked): Owner {
  const { environment, organization } = request;
  return {
    environment_id: environment.environment_id,
    user_id: userIn(request),
    organization_id: organization?.id ?? null,
  };
}

/** The same, or everybody's in the environment for a program that is allowed to ask. */
export function reachIn(request: Asked): Reach {
  const { environment_id } = request.environment;
  return request.caller.kind === "user" ? ownerIn(request) : { environment_id };
}
