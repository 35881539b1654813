import { describe, expect, test } from "vitest";
import { PERMISSIONS, type Permission } from "../src/access/permissions.ts";
import type { Api } from "./support/api.ts";
import { buildOrganization, buildPerson, invitationTo, unique, uniqueEmail } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { giveInEnvironment } from "./support/roles.ts";

const guildhall = useGuildhall();

const unauthorized = { status: 401, body: { errors: [{ status: "401", code: "unauthorized" }] } };
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** Reads the organizations with these headers and no other credential. */
function ask(headers: Record<string, string>, environment = "acme-test") {
  return guildhall.api.as(null).in(environment).get("/api/organizations", headers);
}

describe("the operator's token", () => {
  test("opens every environment", async () => {
    const other = unique("other");
    await buildPerson(guildhall, { environment: other });
    await buildPerson(guildhall);

    expect(await ask(bearer(OPERATOR_TOKEN))).toMatchObject({ status: 200 });
    expect(await ask(bearer(OPERATOR_TOKEN), other)).toMatchObject({ status: 200 });
  });

  test("is accepted with the scheme in any letter case", async () => {
    await buildPerson(guildhall);
    expect(await ask({ Authorization: `bearer ${OPERATOR_TOKEN}` })).toMatchObject({ status: 200 });
  });

  test("is refused as X-Session-ID and with one letter more or less", async () => {
    await buildPerson(guildhall);
    expect(await ask({ "X-Session-ID": OPERATOR_TOKEN })).toMatchObject(unauthorized);
    expect(await ask(bearer(OPERATOR_TOKEN.slice(0, -1)))).toMatchObject(unauthorized);
    expect(await ask(bearer(`${OPERATOR_TOKEN}s`))).toMatchObject(unauthorized);
  });
});

describe("a session's token", () => {
  test("is accepted as a bearer token and as X-Session-ID", async () => {
    const { token, user } = await buildPerson(guildhall);

    for (const headers of [bearer(token), { "X-Session-ID": token }]) {
      const self = await guildhall.api.as(null).get(`/api/users/${user.id}`, headers);
      expect(self).toMatchObject({ status: 200, body: { data: { id: user.id } } });
    }
  });

  test("sent as a bearer token wins over X-Session-ID, even if it is wrong", async () => {
    const first = await buildPerson(guildhall);
    const second = await buildPerson(guildhall);
    const anonymous = guildhall.api.as(null);

    const both = { ...bearer(first.token), "X-Session-ID": second.token };
    expect(await anonymous.get(`/api/users/${first.user.id}`, both)).toMatchObject({ status: 200 });
    expect(await anonymous.get(`/api/users/${second.user.id}`, both)).toMatchObject({ status: 404 });
    expect(await ask({ ...bearer("wrong"), "X-Session-ID": second.token })).toMatchObject(unauthorized);
  });

  test("from another environment is refused", async () => {
    await buildPerson(guildhall);
    const outsider = await buildPerson(guildhall, { environment: unique("other") });
    expect(await ask({ "X-Session-ID": outsider.token })).toMatchObject(unauthorized);
  });

  test("is refused once the session has expired", async () => {
    const { token, user } = await buildPerson(guildhall);
    expect(await ask({ "X-Session-ID": token })).toMatchObject({ status: 200 });

    const past = guildhall.db.raw("now() - interval '1 second'");
    await guildhall.db("sessions").where({ user_id: user.id }).update({ expires_at: past });
    expect(await ask({ "X-Session-ID": token })).toMatchObject(unauthorized);
  });

  test("is refused from the next request after the session is revoked", async () => {
    const { token, user } = await buildPerson(guildhall);
    const api = guildhall.api.as(token);
    const listed = await api.get("/api/sessions");
    const session = listed.body.data[0];
    expect(session.relationships.user.data.id).toBe(user.id);

    const revoked = await api.patch(`/api/sessions/${session.id}/revoke`);
    expect(revoked.status).toBe(200);
    expect(revoked.body.data.attributes.revoked_at).not.toBeNull();
    expect(await api.get("/api/sessions")).toMatchObject(unauthorized);
  });

  test("is valid for 30 days", async () => {
    const { user } = await buildPerson(guildhall);
    const [session] = (await guildhall.api.get(`/api/sessions?filter[user]=${user.id}`)).body.data;
    const { created_at, expires_at } = session.attributes;
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(30 * 86_400_000);
  });
});

describe("an invalid credential", () => {
  test.each([
    ["none", {}],
    ["an unknown bearer token", bearer("nobody-has-this-one")],
    ["an unknown session", { "X-Session-ID": "nobody-has-this-one" }],
    ["an empty bearer token", { Authorization: "Bearer" }],
    ["an empty session", { "X-Session-ID": "" }],
    ["another scheme", { Authorization: `Basic ${OPERATOR_TOKEN}` }],
    ["a token without a scheme", { Authorization: OPERATOR_TOKEN }],
    ["two tokens", { Authorization: `Bearer ${OPERATOR_TOKEN} ${OPERATOR_TOKEN}` }],
    ["SQL for a token", { "X-Session-ID": "' or 1=1 --" }],
    ["bytes beyond ASCII", { "X-Session-ID": "\u00ff\u00fe" }],
    ["a token of 5000 characters", bearer("x".repeat(5_000))],
  ])("with %s gets a 401 that names the scheme", async (_, headers) => {
    await buildPerson(guildhall);
    const answer = await ask(headers as Record<string, string>);
    expect(answer).toMatchObject(unauthorized);
    expect(answer.headers.get("WWW-Authenticate")).toBe('Bearer realm="guildhall"');
  });

  test("is refused even where a link alone would do", async () => {
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const { body } = await guildhall.api.post(
      "/api/invitations",
      invitationTo(organization.id, uniqueEmail()),
    );
    const token = guildhall.context.linkKeys.sign({ invitationId: body.data.id, tokenVersion: 1 });
    const path = `/api/invitations/${body.data.id}/accept`;
    const anonymous = guildhall.api.as(null);

    const withWrongSession = await anonymous.post(path, { meta: { token } }, { "X-Session-ID": "wrong" });
    expect(withWrongSession).toMatchObject(unauthorized);
    expect(await anonymous.post(path, { meta: { token } })).toMatchObject({ status: 200 });
  });

  test("reveals nothing about what is wrong with the body", async () => {
    await buildPerson(guildhall);
    const answer = await guildhall.api.as("wrong").post("/api/organizations", "{ malformed");
    expect(answer).toMatchObject(unauthorized);
  });
});

test.each([
  ["POST", "/api/environments"],
  ["GET", "/api/environments"],
  ["GET", "/api/environments/env_01h2xcejqtf2nbrexx3vqjhp41"],
  ["PATCH", "/api/environments/env_01h2xcejqtf2nbrexx3vqjhp41"],
  ["POST", "/api/api-clients"],
  ["GET", "/api/api-clients"],
  ["GET", "/api/api-clients/client_01h2xcejqtf2nbrexx3vqjhp41"],
  ["PATCH", "/api/api-clients/client_01h2xcejqtf2nbrexx3vqjhp41"],
  ["DELETE", "/api/api-clients/client_01h2xcejqtf2nbrexx3vqjhp41"],
])("only the operator may %s %s: a session gets 403 operator_only", async (method, path) => {
  const { token } = await buildPerson(guildhall);
  const api = guildhall.api.as(token);
  const answer = await speak(api, method, path);
  expect(answer).toMatchObject({ status: 403, body: { errors: [{ code: "operator_only" }] } });
});

describe("with a permission in the environment,", () => {
  const unknown = "01h2xcejqtf2nbrexx3vqjhp41";
  const doors: Array<[Permission, string, string]> = [
    ["users:manage", "POST", "/api/users"],
    ["users:manage", "PATCH", `/api/users/user_${unknown}`],
    ["users:manage", "DELETE", `/api/users/user_${unknown}`],
    ["users:manage", "POST", "/api/user-roles"],
    ["users:manage", "DELETE", `/api/user-roles/userrole_${unknown}`],
    ["sessions:manage", "POST", "/api/sessions"],
    ["roles:manage", "POST", "/api/permissions"],
    ["roles:manage", "PATCH", `/api/permissions/perm_${unknown}`],
    ["roles:manage", "DELETE", `/api/permissions/perm_${unknown}`],
  ];

  test.each(doors)("%s opens %s %s; without it: 403", async (needed, method, path) => {
    const without = await buildPerson(guildhall);
    const others = Object.keys(PERMISSIONS).filter((name) => name !== needed) as Permission[];
    await giveInEnvironment(guildhall, without.user, others);
    const refused = await speak(guildhall.api.as(without.token), method, path);
    expect(refused).toMatchObject({ status: 403, body: { errors: [{ code: "forbidden" }] } });
    expect(refused.body.errors[0].detail).toContain(needed);

    const person = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, person.user, [needed]);
    const answer = await speak(guildhall.api.as(person.token), method, path);
    // The next check fails: the body has no resource, or nothing has the id.
    expect(answer.status, JSON.stringify(answer.body)).toBe(method === "DELETE" ? 404 : 400);
  });
});

function speak(api: Api, method: string, path: string) {
  if (method === "GET") return api.get(path);
  if (method === "DELETE") return api.delete(path);
  return method === "POST" ? api.post(path, { data: [] }) : api.patch(path, { data: [] });
}

describe("a session's secret", () => {
  /** Whether any column of any table contains the text, readable or as bytes. */
  async function isAtRest(text: string): Promise<boolean> {
    const { db } = guildhall;
    const tables = await db("pg_tables").where({ schemaname: "public" }).pluck("tablename");
    const hex = Buffer.from(text).toString("hex");
    for (const table of tables) {
      const { rows } = await db.raw(
        "select 1 from ?? t where position(? in t::text) > 0 or position(? in t::text) > 0 limit 1",
        [table, text, hex],
      );
      if (rows.length > 0) return true;
    }
    return false;
  }

  test("is shown once, at creation, and stored only as its SHA-256", async () => {
    const { api, db } = guildhall;
    const { user } = await buildPerson(guildhall);
    const relationships = { user: { data: { type: "user", id: user.id } } };
    const created = await api.post("/api/sessions", { data: { type: "session", relationships } });
    expect(created.status).toBe(201);
    const { token } = created.body.meta;

    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    expect(await isAtRest(user.email)).toBe(true);
    expect(await isAtRest(token)).toBe(false);
    const row = await db("sessions").where({ id: created.body.data.id }).first();
    expect(row.token_hash).toHaveLength(32);

    const read = await api.get(created.body.data.links.self);
    const listed = await api.get(`/api/sessions?filter[user]=${user.id}`);
    for (const answer of [read, listed]) {
      expect(answer.status).toBe(200);
      expect(JSON.stringify(answer.body)).not.toMatch(/token|hash/);
    }
    expect(JSON.stringify(created.body.data)).not.toContain(token);
  });
});
