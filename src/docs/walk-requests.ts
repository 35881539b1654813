import { curl, MEMBER } from "./curl.ts";

/** What the member tries before, with and after the role: the very same request each time. */
export const CHANGE = curl({
  method: "PATCH",
  url: "/api/organizations/$ORGANIZATION",
  credential: MEMBER,
  body: {
    data: { type: "organization", id: "$ORGANIZATION", attributes: { business_phone: "+44 20 7946 0018" } },
  },
});

export function findPermission(name: string): string {
  return curl({ method: "GET", url: `/api/permissions?filter[name]=${name}` });
}

export function addPermission(variable: string): string {
  const relationships = { role: one("role", "$ROLE"), permission: one("permission", variable) };
  return curl({
    method: "POST",
    url: "/api/role-permissions",
    body: joining("role_permission", relationships),
  });
}

/** A to-one relationship. */
export function one(type: string, id: string): object {
  return { data: { type, id } };
}

/** The document of a new resource that only joins others. */
export function joining(type: string, relationships: object): object {
  return { data: { type, relationships } };
}
