import type { Caller } from "../access/caller.ts";
import { parameter, type Values } from "../db/prepared-query.ts";
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

/** A viewer in the shape of a query: everything that decides its text, with parameters for the values of a single person. */
export type Sight = Omit<Viewer, "db">;

export function sightOf({ caller, environment_permissions }: Viewer): Sight {
  return {
    environment_id: parameter("environment_id"),
    caller: kindOf(caller),
    environment_permissions: environment_permissions.toSorted(),
  };
}

function kindOf(caller: Caller): Caller {
  if (caller.kind === "client") return { ...caller, client_id: parameter("client_id") };
  if (caller.kind !== "user") return caller;
  return {
    kind: "user",
    user_id: parameter("user_id"),
    session_id: parameter("session_id"),
    email_canonical: parameter("email_canonical"),
    email_verified: caller.email_verified,
  };
}

/** The values of those parameters. */
export function sightValues({ environment_id, caller }: Viewer): Values {
  return { ...caller, environment_id };
}
