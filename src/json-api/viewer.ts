import type { EndpointRequest } from "../http/endpoint.ts";
import type { Viewer } from "./resource-type.ts";

export function viewerOf({
  context,
  environment,
  caller,
}: Pick<EndpointRequest, "context" | "environment" | "caller">): Viewer {
  const { environment_id, environment_permissions } = environment;
  return { db: context.db, environment_id, caller, environment_permissions };
}

/** Returns whether the viewer may see all users of the environment. */
export function seesAllUsers({ caller, environment_permissions }: Viewer): boolean {
  if (caller.kind === "client") return caller.scopes.includes("users:read");
  return caller.kind === "operator" || environment_permissions.includes("users:read");
}
