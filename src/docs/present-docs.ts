import { LIMITS } from "../http/rate-limiter.ts";
import { SCOPES } from "../oauth/scopes.ts";
import { ERROR_CODES } from "../openapi/error-codes.ts";
import type { OpenApiDocument } from "../openapi/openapi-types.ts";
import { presentErrors } from "./present-errors.ts";
import { presentPermissions } from "./present-permissions.ts";
import { presentResourceDocs } from "./present-resource-docs.ts";
import { presentSteps } from "./present-steps.ts";
import { WALK } from "./walk.ts";

/** Everything the page of the Management API shows. @param base the service's address, without a slash at its end. */
export function presentDocs(document: OpenApiDocument, base: string): Record<string, unknown> {
  const tags = document.tags.filter(({ name }) => `/api/${name}` in document.paths);
  return {
    title: "Guildhall – Management API",
    base,
    resources: tags.map((tag) => presentResourceDocs(tag, document)),
    errors: presentErrors(ERROR_CODES),
    permissions: presentPermissions(),
    scopes: presentScopes(),
    walk: presentSteps(WALK),
    keyed: LIMITS.keyed.requests.toLocaleString("en"),
    limits: [
      { what: "reads", ...LIMITS.read },
      { what: "writes", ...LIMITS.write },
      { what: "invitations", ...LIMITS.invite },
    ],
  };
}

/** By resource, what may be done with it. */
function presentScopes() {
  const resources = new Set(SCOPES.map(resourceOf));
  return [...resources].map((resource) => ({
    resource,
    scopes: SCOPES.filter((scope) => resourceOf(scope) === resource),
  }));
}

function resourceOf(scope: string): string {
  return scope.split(":")[0] ?? "";
}
