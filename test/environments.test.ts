import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { PERMISSIONS, SYSTEM_ROLES } from "../src/access/permissions.ts";
import { buildEnvironment, buildPerson, unique } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

afterEach(() => {
  guildhall.settings.DEFAULT_ENVIRONMENT = undefined;
});

/** The status, or the address of the only user: `fetch` can't send a Host of our choice. */
async function whoIsFound(headers: Record<string, string>): Promise<string | number> {
  const url = `${guildhall.api.origin}/api/users`;
  const body = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const options = { headers: { Authorization: `Bearer ${OPERATOR_TOKEN}`, ...headers } };
    const sent = request(url, options, async (answer) => {
      resolve({ status: answer.statusCode ?? 0, text: await text(answer) });
    });
    sent.on("error", reject).end();
  });
  return body.status === 200 ? JSON.parse(body.text).data[0].attributes.email : body.status;
}

/** An environment with one user. @returns its handle and the user's address. */
async function buildTenant(): Promise<{ handle: string; email: string }> {
  const handle = unique("tenant");
  const { user } = await buildPerson(guildhall, { environment: handle });
  return { handle, email: user.email };
}

describe("the environment", () => {
  test("is the first label of Host, in any case, despite port and dot", async () => {
    const { handle, email } = await buildTenant();
    const hosts = [`${handle}.localhost`, `${handle}.localhost:3000`, `${handle}.api.example.com.`];
    for (const host of [...hosts, `${handle.toUpperCase()}.Example.COM`]) {
      expect(await whoIsFound({ Host: host })).toBe(email);
    }
  });

  test("is named by X-Environment if Host has no label", async () => {
    const { handle, email } = await buildTenant();
    expect(await whoIsFound({ Host: "localhost", "X-Environment": handle })).toBe(email);
  });

  test("is taken from Host before X-Environment", async () => {
    const [first, second] = [await buildTenant(), await buildTenant()];
    const headers = { Host: `${first.handle}.localhost`, "X-Environment": second.handle };
    expect(await whoIsFound(headers)).toBe(first.email);
  });

  test("is taken from X-Environment if Host's label is unknown", async () => {
    const { handle, email } = await buildTenant();
    expect(await whoIsFound({ Host: "guildhall.internal", "X-Environment": handle })).toBe(email);
  });

  test.each([
    "127.0.0.1",
    "127.0.0.1:3000",
    "[::1]",
    "[::1]:3000",
    "localhost",
    "localhost:3000",
    "localhost.",
    "guildhall",
    "",
  ])("is the default for the Host %j, which has no label", async (host) => {
    const { handle, email } = await buildTenant();
    expect(await whoIsFound({ Host: host })).toBe(404);

    guildhall.settings.DEFAULT_ENVIRONMENT = handle;
    expect(await whoIsFound({ Host: host })).toBe(email);
  });

  test.each(["acme-tset.localhost", "nobody.example.com", ".localhost", "a_b.localhost", "127.1"])(
    "is not the default for Host %j, an unknown label: 404",
    async (host) => {
      guildhall.settings.DEFAULT_ENVIRONMENT = (await buildTenant()).handle;
      expect(await whoIsFound({ Host: host })).toBe(404);
    },
  );

  test("is not the default if X-Environment is unknown: 404", async () => {
    guildhall.settings.DEFAULT_ENVIRONMENT = (await buildTenant()).handle;
    for (const header of ["nobody", "", "'; drop table environments; --", "x".repeat(5_000)]) {
      expect(await whoIsFound({ Host: "localhost", "X-Environment": header })).toBe(404);
    }
  });

  test("is never taken from a proxy's headers", async () => {
    const { handle } = await buildTenant();
    const headers = { "X-Forwarded-Host": `${handle}.localhost`, Forwarded: `host=${handle}.localhost` };
    expect(await whoIsFound({ Host: "localhost", ...headers })).toBe(404);
  });

  test("is the default under the service's own name, of any form", async () => {
    const { handle, email } = await buildTenant();
    const before = guildhall.settings.PUBLIC_URL;
    guildhall.settings.PUBLIC_URL = "https://guildhall.example.com";
    guildhall.settings.DEFAULT_ENVIRONMENT = handle;
    const found = await whoIsFound({ Host: "guildhall.example.com" });
    guildhall.settings.PUBLIC_URL = before;
    expect(found).toBe(email);
  });

  test("must be named, and a 404 says how", async () => {
    const { Authorization } = { Authorization: `Bearer ${OPERATOR_TOKEN}` };
    const answer = await fetch(`${guildhall.api.origin}/api/users`, { headers: { Authorization } });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      errors: [{ code: "not_found", detail: expect.stringContaining("environment") }],
    });
  });
});

function newEnvironment(handle: string, attributes: object = {}) {
  return { data: { type: "environment", attributes: { handle, name: "Globex", ...attributes } } };
}

describe("creating an environment", () => {
  test("returns it as a resource that is found at its Location", async () => {
    const settings = { invitation_lifetime_days: 3, from_name: "Globex", locale: "en" };
    const handle = unique("globex");
    const created = await guildhall.api.post("/api/environments", newEnvironment(handle, { settings }));
    expect(created).toMatchObject({
      status: 201,
      body: { data: { type: "environment", attributes: { handle, name: "Globex", settings } } },
    });
    const { self } = created.body.data.links;
    expect(created.headers.get("Location")).toBe(self);
    expect((await guildhall.api.get(self)).body).toEqual({ ...created.body, links: { self } });
  });

  test("gives it the four system roles and all permissions", async () => {
    const handle = unique("globex");
    const created = await guildhall.api.post("/api/environments", newEnvironment(handle));
    const environment_id = created.body.data.id;

    const roles = await guildhall.api.in(handle).get("/api/roles");
    type Role = { attributes: { name: string; is_system: boolean } };
    expect(roles.body.data.map(({ attributes }: Role) => attributes.name).sort()).toEqual([
      "admin",
      "billing",
      "member",
      "owner",
    ]);
    expect(roles.body.data.every(({ attributes }: Role) => attributes.is_system)).toBe(true);
    const names = await guildhall.db("permissions").where({ environment_id }).pluck("name");
    expect(names.sort()).toEqual(Object.keys(PERMISSIONS).sort());
    for (const [name, { permissions }] of Object.entries(SYSTEM_ROLES)) {
      const granted = await guildhall
        .db("role_permissions as rp")
        .join("roles as r", "r.id", "rp.role_id")
        .join("permissions as p", "p.id", "rp.permission_id")
        .where({ "r.environment_id": environment_id, "r.name": name })
        .pluck("p.name");
      expect(granted.sort(), name).toEqual([...permissions].sort());
    }
  });

  test("with a taken handle is a 409", async () => {
    const handle = unique("globex");
    await guildhall.api.post("/api/environments", newEnvironment(handle));
    const again = await guildhall.api.post("/api/environments", newEnvironment(handle, { name: "Other" }));
    expect(again).toMatchObject({ status: 409, body: { errors: [{ code: "handle_taken" }] } });
    const rows = await guildhall.db("environments").where({ handle });
    expect(rows).toMatchObject([{ name: "Globex" }]);
  });

  test.each(["", "Acme", "-acme", "acme-", "ac.me", "acme test", "ácme", "a".repeat(64), "a\n"])(
    "called %j is a 422",
    async (handle) => {
      const answer = await guildhall.api.post("/api/environments", newEnvironment(handle));
      expect(answer).toMatchObject({
        status: 422,
        body: { errors: [{ source: { pointer: "/data/attributes/handle" } }] },
      });
    },
  );

  test("with an unknown setting or invalid value is a 422", async () => {
    const settings = { invitation_lifetime_days: 0, redirect_url: "javascript:alert(1)", colour: "red" };
    const answer = await guildhall.api.post("/api/environments", newEnvironment(unique("x"), { settings }));
    expect(answer.status).toBe(422);
    type Item = { source: { pointer: string } };
    expect(answer.body.errors.map(({ source }: Item) => source.pointer).sort()).toEqual(
      ["colour", "invitation_lifetime_days", "redirect_url"].map((n) => `/data/attributes/settings/${n}`),
    );
  });
});

test("the operator reads and lists environments from outside them", async () => {
  const id = await buildEnvironment(guildhall);
  const outside = guildhall.api.in("");
  expect(await outside.get(`/api/environments/${id}`)).toMatchObject({ status: 200 });
  expect(await outside.get("/api/environments")).toMatchObject({ status: 200 });
  expect(await outside.get("/api/environments/env_none")).toMatchObject({ status: 404 });
});
