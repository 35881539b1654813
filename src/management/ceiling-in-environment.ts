import type { EndpointRequest } from "../http/endpoint.ts";
import type { Ceiling } from "../roles/require-grantable.ts";

/** What the caller may give away in the environment: a user what their own roles there have, others anything. */
export function ceilingInEnvironment({
  caller,
  environment,
}: Pick<EndpointRequest, "caller" | "environment">): Ceiling {
  return caller.kind === "user" ? environment.environment_permissions : null;
}
