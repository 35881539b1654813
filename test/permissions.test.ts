import { beforeAll, describe, expect, test } from "vitest";
import { PERMISSIONS } from "../src/access/permissions.ts";
import { buildEnvironment, buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { letters } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";
import { addPermission, buildRole, giveInEnvironment } from "./support/roles.ts";

const guildhall = useGuildhall();

beforeAll(async () => {
  await buildEnvironment(guildhall);
});

function newPermission(name: string, attributes: object = {}) {
  return { data: { type: "permission", attributes: { name, ...attributes } } };
}

describe("the list of permissions", () => {
  test("is complete, with descriptions, for any signed-in user", async () => {
    const api = guildhall.api.as((await buildPerson(guildhall)).token);
    const names = new Map<string, string>();
    for (let url: string | null = "/api/permissions?sort=name"; url !== null; ) {
      const { body } = await api.get(url);
      for (const { attributes } of body.data) names.set(attributes.name, attributes.description);
      url = body.links.next;
    }
    expect(Object.fromEntries(names)).toMatchObject(PERMISSIONS);
    expect([...names.keys()]).toEqual([...names.keys()].sort());
  });

  test.each(Object.keys(PERMISSIONS))("keeps %s, whether or not a role has it", async (name) => {
    const [{ id }] = (await guildhall.api.get(`/api/permissions?filter[name]=${name}`)).body.data;
    expect(await guildhall.api.delete(`/api/permissions/${id}`)).toMatchObject(
      refusal(403, "system_permission"),
    );
    expect((await guildhall.api.get(`/api/permissions/${id}`)).status).toBe(200);
  });
});

describe("a team's permission", () => {
  test("is created, found by name, and can change its description", async () => {
    const name = `invoices:${letters()}`;
    const created = await guildhall.api.post(
      "/api/permissions",
      newPermission(name, { description: "Bills" }),
    );
    expect(created).toMatchObject({
      status: 201,
      body: { data: { attributes: { name, description: "Bills" } } },
    });
    const { id, links } = created.body.data;
    expect(created.headers.get("Location")).toBe(links.self);
    expect((await guildhall.api.get(`/api/permissions?filter[name]=${name}`)).body.data).toMatchObject([
      { id },
    ]);
    for (const description of ["Sees bills", null]) {
      const document = { data: { type: "permission", id, attributes: { description } } };
      const changed = await guildhall.api.patch(links.self, document);
      expect(changed).toMatchObject({ status: 200, body: { data: { attributes: { name, description } } } });
    }
  });

  test("can't change its name: 422", async () => {
    const name = `invoices:${letters()}`;
    const { id, links } = (await guildhall.api.post("/api/permissions", newPermission(name))).body.data;
    const document = { data: { type: "permission", id, attributes: { name: `bills:${letters()}` } } };
    expect(await guildhall.api.patch(links.self, document)).toMatchObject({
      status: 422,
      body: { errors: [{ code: "unknown_attribute", source: { pointer: "/data/attributes/name" } }] },
    });
    expect((await guildhall.api.get(links.self)).body.data.attributes.name).toBe(name);
  });

  test("is unique by name, even if twenty ask at once: 409", async () => {
    const document = newPermission(`invoices:${letters()}`);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => guildhall.api.post("/api/permissions", document)),
    );
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
    const again = await guildhall.api.post("/api/permissions", document);
    expect(again).toMatchObject(refusal(409, "name_taken"));
    const known = newPermission("members:manage");
    expect(await guildhall.api.post("/api/permissions", known)).toMatchObject(refusal(409, "name_taken"));
  });

  test.each([
    "",
    "invoices",
    "invoices:",
    ":read",
    "Invoices:read",
    "invoices:read:all",
    "in voices:read",
    "a:b\n",
    "*:*",
  ])("can't be called %j: 422", async (name) => {
    expect(await guildhall.api.post("/api/permissions", newPermission(name))).toMatchObject({
      status: 422,
      body: { errors: [{ source: { pointer: "/data/attributes/name" } }] },
    });
  });

  test("can't be deleted while in use: 409 permission_in_use", async () => {
    const name = `invoices:${letters()}`;
    const { links } = (await guildhall.api.post("/api/permissions", newPermission(name))).body.data;
    const held = await addPermission(guildhall.api, await buildRole(guildhall, []), name);
    expect(await guildhall.api.delete(links.self)).toMatchObject(refusal(409, "permission_in_use"));
    await guildhall.api.delete(`/api/role-permissions/${held}`);
    expect((await guildhall.api.delete(links.self)).status).toBe(204);
    expect(await guildhall.api.get(links.self)).toMatchObject(refusal(404, "not_found"));
    expect(await guildhall.api.delete(links.self)).toMatchObject(refusal(404, "not_found"));
  });

  test("is consistent if it is deleted and given at once", async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = `invoices:${letters()}`;
      const { id, links } = (await guildhall.api.post("/api/permissions", newPermission(name))).body.data;
      const role = await buildRole(guildhall, []);
      const relationships = {
        role: { data: { type: "role", id: role } },
        permission: { data: { type: "permission", id } },
      };
      const [gone, given] = await Promise.all([
        guildhall.api.delete(links.self),
        guildhall.api.post("/api/role-permissions", { data: { type: "role_permission", relationships } }),
      ]);
      expect([
        [204, 404],
        [204, 409],
        [409, 201],
      ]).toContainEqual([gone.status, given.status]);
    }
  });

  test("is managed by roles:manage in the environment only", async () => {
    const document = newPermission(`invoices:${letters()}`);
    const person = await buildPerson(guildhall);
    const api = guildhall.api.as(person.token);
    expect(await api.post("/api/permissions", document)).toMatchObject(refusal(403, "forbidden"));
    await giveInEnvironment(guildhall, person.user, ["roles:manage"]);
    const created = await api.post("/api/permissions", document);
    expect(created.status).toBe(201);
    expect((await api.delete(created.body.data.links.self)).status).toBe(204);
  });
});
