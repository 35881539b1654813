import { STATUS_CODES } from "node:http";
import { LIMITS } from "../http/rate-limiter.ts";
import { SCOPES } from "../oauth/scopes.ts";
import { ERROR_CODES } from "../openapi/error-codes.ts";
import type { OpenApiDocument } from "../openapi/openapi-types.ts";
import { PERMISSIONS, SYSTEM_ROLES } from "../permissions.ts";
import { inlineCode } from "./inline-code.ts";
import { presentResourceDocs } from "./present-resource-docs.ts";
import { WALK } from "./walk.ts";

/** Everything the documentation page shows. @param base the service's address, without a slash at its end. */
export function presentDocs(document: OpenApiDocument, base: string): Record<string, unknown> {
  const tags = document.tags.filter(({ name }) => `/api/${name}` in document.paths);
  return {
    title: "Guildhall – Management API",
    base,
    resources: tags.map((tag) => presentResourceDocs(tag, document)),
    errors: Object.entries(ERROR_CODES).map(([status, codes]) => ({
      status,
      title: STATUS_CODES[status],
      codes: Object.entries(codes).map(([code, meaning]) => ({ code, meaning: inlineCode(meaning) })),
    })),
    permissions: presentPermissions(),
    scopes: presentScopes(),
    walk: WALK.map((step, index) => ({ ...step, number: index + 1, text: inlineCode(step.text) })),
    limits: [
      { what: "reads", ...LIMITS.read },
      { what: "writes", ...LIMITS.write },
      { what: "invitations", ...LIMITS.invite },
    ],
  };
}

/** The catalogue, with which of the system roles have each. */
function presentPermissions() {
  const roles = Object.entries(SYSTEM_ROLES);
  return {
    roles: roles.map(([name]) => name),
    rows: Object.entries(PERMISSIONS).map(([name, what]) => ({
      name,
      what,
      has: roles.map(([, { permissions }]) => permissions.some((permission) => permission === name)),
    })),
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
