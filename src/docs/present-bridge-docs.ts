import { LIMITS } from "../http/rate-limiter.ts";
import { BRIDGE_ERROR_CODES } from "../openapi/bridge-error-codes.ts";
import type { OpenApiDocument } from "../openapi/openapi-types.ts";
import { BRIDGE_WALK } from "./bridge-walk.ts";
import { presentBridgeGroup } from "./present-bridge-group.ts";
import { operationsUnder } from "./present-endpoint.ts";
import { presentErrors } from "./present-errors.ts";
import { presentPermissions } from "./present-permissions.ts";
import { presentSteps } from "./present-steps.ts";

/** Everything the page of the Bridge API shows. @param base the service's address, without a slash at its end. */
export function presentBridgeDocs(document: OpenApiDocument, base: string): Record<string, unknown> {
  const tags = document.tags.filter(({ name }) => name.startsWith("bridge-"));
  const asked = new Set(
    tags
      .flatMap(({ name }) => operationsUnder(name, document))
      .map(({ operation }) => operation["x-permission"]),
  );
  return {
    title: "Guildhall – Bridge API",
    base,
    groups: tags.map((tag) => presentBridgeGroup(tag, document)),
    errors: presentErrors(BRIDGE_ERROR_CODES),
    permissions: presentPermissions((name) => asked.has(name)),
    walk: presentSteps(BRIDGE_WALK),
    keyed: LIMITS.keyed.requests.toLocaleString("en"),
    limits: [
      { what: "reads", ...LIMITS.read },
      { what: "writes", ...LIMITS.write },
    ],
  };
}
