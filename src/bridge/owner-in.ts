import type { Access, Owner, ResourceKey } from "../billing/owned-resources.ts";
import { forbidden } from "../errors.ts";
import type { EndpointRequest, Params } from "../http/endpoint.ts";

type Asked = Pick<EndpointRequest, "caller" | "environment" | "organization">;
type AskedByPath = Pick<EndpointRequest, "params" | "environment">;

/** The signed-in user. @throws 403 for programs: an endpoint that calls this declares `who: "user"`. */
export function userIn({ caller }: Pick<Asked, "caller">): string {
  if (caller.kind === "user") return caller.user_id;
  throw forbidden("session_required", "This is for signed-in users: send a session.");
}

/** Whose resources a signed-in user means: those of the organization they name, or their own. */
export function ownerIn(request: Asked): Owner {
  const { environment, organization } = request;
  return {
    environment_id: environment.environment_id,
    user_id: userIn(request),
    organization_id: organization?.id ?? null,
  };
}

/** Like `ownerIn`, but a program means everyone's resources in the environment. */
export function accessIn(request: Asked): Access {
  const { environment_id } = request.environment;
  return request.caller.kind === "user" ? ownerIn(request) : { environment_id };
}

/** The organization a body or a query names. Without one, the caller's own resources are meant. */
export function namedIn({ organization_id }: { organization_id?: string | null | undefined }) {
  return organization_id == null ? null : { organization: organization_id };
}

export function resourceInPath({ params }: { params: Params }) {
  return { resource: params.id };
}

export function organizationInPath({ params }: { params: Params }) {
  return { organization: params.id };
}

/** The resource a path names, and its owner. */
export function resourceKey(request: EndpointRequest): ResourceKey {
  return { id: request.params.id ?? "", owner: ownerIn(request) };
}

/** The row a path names, whoever owns it. */
export function keyOf({ params, environment }: AskedByPath) {
  return { id: params.id ?? "", environment_id: environment.environment_id };
}
