import type { Named } from "../access/access-question.ts";
import type { Access, Owner, ResourceKey } from "../billing/owned-resources.ts";
import { forbidden } from "../errors.ts";
import type { EndpointRequest } from "../http/endpoint.ts";

type Asked = Pick<EndpointRequest, "caller" | "environment" | "organization">;
type AskedByPath = Pick<EndpointRequest, "environment"> & { params: { id: string } };

/** Requires a signed-in user. @throws 403 for programs. */
export function userIn({ caller }: Pick<Asked, "caller">): string {
  if (caller.kind === "user") return caller.user_id;
  throw forbidden("session_required", "This is for signed-in users. Send a session.");
}

/** Returns the owner of the resources a signed-in user means: the organization they name, or themselves. */
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

type Naming = { organization_id?: string | null | undefined };

/** The organization a body names. Without one, the caller's own resources are meant. */
export function namedInBody({ body }: { body: Naming }): Named {
  return body.organization_id == null ? null : { organization: body.organization_id };
}

/** The organization a query names. Without one, the caller's own resources are meant. */
export function namedInQuery({ query }: { query: Naming }): Named {
  return namedInBody({ body: query });
}

/** Reads which resource the path names, and its owner. */
export function resourceKey(request: Asked & AskedByPath): ResourceKey {
  return { id: request.params.id, owner: ownerIn(request) };
}

/** Reads which row the path names, in the environment of the request. */
export function keyOf({ params, environment }: AskedByPath) {
  return { id: params.id, environment_id: environment.environment_id };
}
