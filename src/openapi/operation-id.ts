import type { Endpoint } from "../http/endpoint.ts";
import { camelCase, pascalCase } from "./names.ts";
import { subjectOf } from "./subject-of.ts";

const VERBS = { GET: "read", POST: "create", PUT: "replace", PATCH: "update", DELETE: "delete" } as const;

/** A name for the endpoint in generated clients: `listRoles`, `readRole`, `liftSuppressions`, `revokeInvitation`, `readPermissionsOfRole`. */
export function operationId({ method, path }: Pick<Endpoint, "method" | "path">): string {
  const subject = subjectOf({ path });
  const one = pascalCase(subject.type);
  const [relationship, linked] = path.split("/:id/")[1]?.split("/") ?? [];
  const [, onMany] = /^\/api\/[\w-]+\/([\w-]+)$/.exec(path) ?? [];
  if (onMany !== undefined) return `${camelCase(onMany)}${pascalCase(subject.path)}`;
  if (relationship === undefined) {
    const collection = !path.endsWith("/:id");
    return collection && method === "GET" ? `list${pascalCase(subject.path)}` : `${VERBS[method]}${one}`;
  }
  if (relationship === "relationships") return `${VERBS[method]}${pascalCase(linked ?? "")}LinkageOf${one}`;
  if (method === "GET") return `read${pascalCase(relationship)}Of${one}`;
  const action = camelCase(relationship);
  const byLink = path.startsWith("/api/") ? "" : "ByLink";
  return `${action}${relationship.includes("-") ? "Of" : ""}${one}${byLink}`;
}
