import { expect } from "vitest";
import { allBridgeEndpoints } from "../../src/bridge/all-bridge-endpoints.ts";
import type { Endpoint } from "../../src/http/endpoint.ts";
import type { Api, ApiAnswer } from "./api.ts";
import { buildTeam, create, KINDS } from "./bridge-team.ts";
import type { Person } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

/** All endpoints that take a body. */
export const WITH_BODY = allBridgeEndpoints.filter(({ body }) => body !== undefined);

/** A person, and one of each thing that they may change. */
export interface Targets {
  owner: Person;
  api: Api;
  /** Returns the path of an endpoint, with the ids of their things. */
  pathOf(endpoint: Pick<Endpoint, "path">): string;
  /** Returns a client for a caller whom the endpoint is for: a person, or a program. */
  speaker(endpoint: Pick<Endpoint, "allow">): Api;
}

export async function buildTargets(guildhall: Guildhall): Promise<Targets> {
  const { owner, organization, member } = await buildTeam(guildhall);
  const api = guildhall.api.as(owner.token);
  const ids = new Map<string, string>([["/bridge-payment/organizations", organization.id]]);
  for (const kind of KINDS) ids.set(kind.path, (await create(api, kind)).id);
  const { id: memberId } = await guildhall
    .db("memberships")
    .where({ organization_id: organization.id, user_id: member.user.id })
    .first("id");
  return {
    owner,
    api,
    pathOf({ path }) {
      const id = ids.get(path.split("/").slice(0, 3).join("/")) ?? "";
      return path.replace(":id", id).replace(":member_id", memberId);
    },
    speaker: ({ allow }) => (allow.kind === "program" ? guildhall.api : api),
  };
}

/** Sends a body by the endpoint's method. */
export function sendTo(
  api: Api,
  { method }: Pick<Endpoint, "method">,
  path: string,
  body: unknown,
): Promise<ApiAnswer> {
  if (method === "PUT") return api.put(path, body);
  return method === "PATCH" ? api.patch(path, body) : api.post(path, body);
}

/** Checks that an error has exactly the members that every error has. */
export function expectFailure({ body, headers, status }: ApiAnswer): void {
  const { success, error, code, request_id, hint = "", fields = [], ...others } = body;
  expect({ success, others }).toEqual({ success: false, others: {} });
  expect([error, code, hint].map((text) => typeof text)).toEqual(["string", "string", "string"]);
  expect(error).not.toBe("");
  expect(request_id).toBe(headers.get("X-Request-Id"));
  for (const field of fields) expect(Object.keys(field).sort()).toEqual(["code", "error", "field"]);
  expect(headers.get("Content-Type")).toBe("application/json; charset=utf-8");
  expect(headers.get("Cache-Control")).toBe("no-store");
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
}
