import { beforeAll, describe, expect, test } from "vitest";
import { resourceTypes } from "../src/management/all-resources.ts";
import type { ApiAnswer } from "./support/api.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  type Person,
  roleId,
  unique,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let path: string;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { tax_id: "DE 1" });
  await buildMember(guildhall, organization, "member");
  path = `/api/organizations/${organization.id}`;
});

const UNKNOWN = "01h2xcejqtf2nbrexx3vqjhp41";
describe("a resource type", () => {
  test("a resource type has distinct, well-formed fields and no foreign keys", () => {
    for (const { type, attributes, relationships } of resourceTypes) {
      const fields = [...Object.keys(attributes.shape), ...Object.keys(relationships), "type", "id"];
      expect(new Set(fields).size, type).toBe(fields.length);
      for (const name of [type, ...fields]) expect(name).toMatch(/^[a-z]([a-z_]*[a-z])?$/);
      for (const name of Object.keys(relationships)) expect(fields, type).not.toContain(`${name}_id`);
    }
  });
});

describe("a request's document", () => {
  const create = (data: object) =>
    guildhall.api.post("/api/organizations", { data: { type: "organization", ...data } });

  test("a document may have @-members anywhere, and they are ignored", async () => {
    const at = { "@context": "https://example.com" };
    const answer = await guildhall.api.post("/api/organizations", {
      ...at,
      data: { type: "organization", attributes: { name: "Acme", ...at }, relationships: { ...at }, ...at },
    });
    expect(answer.status).toBe(201);
    const transfer = await guildhall.api.post(`${path}/transfer-ownership`, {
      meta: { ...at, user_id: owner.user.id },
    });
    expect(transfer.status).toBe(200);
  });

  test("a document needs no lid, and is read the same with one", async () => {
    const answer = await create({ lid: "a", attributes: { name: "Acme" } });
    expect(answer.status).toBe(201);
    expect(answer.body.data).not.toHaveProperty("lid");
  });

  test("a document that creates has one typed resource object with linkage", async () => {
    const attributes = { name: "Acme" };
    for (const data of [[{ type: "organization", attributes }], null, "organization"]) {
      expect(await guildhall.api.post("/api/organizations", { data })).toMatchObject(
        refusal(400, "no_resource"),
      );
    }
    const pointer = "/data/relationships/owner";
    for (const one of [{ links: { self: "/x" } }, { meta: {} }]) {
      const answer = await create({ attributes, relationships: { owner: one } });
      expect(answer).toMatchObject(refusal(422, "invalid_relationship", { pointer }));
    }
  });

  test("a request is done completely or not at all", async () => {
    const [{ user }, id] = [await buildPerson(guildhall), path.split("/").at(-1)];
    const member = await roleId(guildhall, user.environment_id, "member");
    const relationships = {
      user: { data: { type: "user", id: user.id } },
      organization: { data: { type: "organization", id } },
      roles: { data: [member, `role_${UNKNOWN}`].map((role) => ({ type: "role", id: role })) },
    };
    const answer = await guildhall.api.post("/api/memberships", {
      data: { type: "membership", relationships },
    });
    expect(answer).toMatchObject(refusal(404, "not_found", { pointer: "/data/relationships/roles" }));
    expect(await guildhall.db("memberships").where({ user_id: user.id })).toEqual([]);
  });
});

describe("a created resource", () => {
  test("a created resource is a 201 with a Location equal to its self link", async () => {
    const data = { type: "organization", attributes: { name: "Acme" } };
    const made = await guildhall.api.post("/api/organizations", { data });
    expect(made.status).toBe(201);
    const { self } = made.body.data.links;
    expect(made.headers.get("Location")).toBe(self);
    expect((await guildhall.api.get(self)).body.data).toEqual(made.body.data);
  });
});

describe("an update", () => {
  const patch = (data: object) =>
    guildhall.api.patch(path, { data: { type: "organization", id: path.split("/").at(-1), ...data } });

  test("an update keeps what is left out, and returns what the server changed", async () => {
    const before = (await guildhall.api.get(path)).body.data.attributes;
    const { status, body } = await patch({ attributes: { country: "DE" } });
    expect(status).toBe(200);
    const { updated_at } = body.data.attributes;
    expect(body.data.attributes).toEqual({ ...before, country: "DE", updated_at });
    expect(updated_at > before.updated_at).toBe(true);
  });

  test("an update of a relationship that can't be set is a 403", async () => {
    const before = (await guildhall.api.get(path)).body;
    for (const [name, data] of [
      ["memberships", []],
      ["owner", null],
    ] as const) {
      const answer = await patch({ attributes: { name: "Other" }, relationships: { [name]: { data } } });
      const source = { pointer: `/data/relationships/${name}` };
      expect(answer).toMatchObject(refusal(403, "relationship_not_settable", source));
    }
    expect((await guildhall.api.get(path)).body).toEqual(before);
  });

  test("an update of an unknown resource is a 404", async () => {
    const id = `org_${UNKNOWN}`;
    const answer = await guildhall.api.patch(`/api/organizations/${id}`, {
      data: { type: "organization", id },
    });
    expect(answer).toMatchObject(refusal(404, "not_found"));
  });
});

describe("linkage at its own URL", () => {
  test("linkage is read as identifiers, in pages if there are many", async () => {
    const url = `${path}/relationships/memberships`;
    const { body } = await guildhall.api.get(`${url}?page[size]=1`);
    expect(Object.keys(body.data[0])).toEqual(["type", "id"]);
    expect(body.links).toMatchObject({ related: `${path}/memberships`, prev: null });
    expect((await guildhall.api.get(body.links.next)).body.data).toHaveLength(1);
  });

  test("linkage accepts no include: 400", async () => {
    for (const name of ["memberships", "owner"]) {
      const source = { parameter: "include" };
      const answer = await guildhall.api.get(`${path}/relationships/${name}?include=user`);
      expect(answer).toMatchObject(refusal(400, "unknown_parameter", source));
    }
  });

  test("linkage can't be written: 403", async () => {
    for (const [name, data] of [
      ["owner", { type: "user", id: owner.user.id }],
      ["memberships", []],
    ] as const) {
      const url = `${path}/relationships/${name}`;
      const answers: ApiAnswer[] = [
        await guildhall.api.patch(url, { data }),
        await guildhall.api.post(url, { data }),
        await guildhall.api.delete(url),
      ];
      for (const answer of answers) expect(answer).toMatchObject(refusal(403, "relationship_not_settable"));
    }
  });
});

describe("a query parameter", () => {
  test("the brackets of a query parameter may be percent-encoded", async () => {
    for (const query of ["page[size]=1&filter[name]=owner", "page%5Bsize%5D=1&filter%5Bname%5D=owner"]) {
      const { body } = await guildhall.api.get(`/api/roles?${query}`);
      expect(body.data.map((role: { attributes: { name: string } }) => role.attributes.name)).toEqual([
        "owner",
      ]);
    }
  });
});

describe("a deletion", () => {
  test("a deletion is 204 when done, 202 while it goes on, and 404 if unknown", async () => {
    const { user } = await buildPerson(guildhall);
    const url = `/api/users/${user.id}`;
    expect(await guildhall.api.delete(url)).toMatchObject({ status: 204, body: undefined });
    expect(await guildhall.api.delete(url)).toMatchObject(refusal(404, "not_found"));
    const doomed = await buildOrganization(guildhall, owner, { name: unique("Doomed") });
    const begun = await guildhall.api.delete(`/api/organizations/${doomed.id}`);
    expect(begun).toMatchObject({ status: 202, body: { data: { type: "organization_deletion" } } });
    expect((await guildhall.api.get(begun.headers.get("Location") ?? "")).status).toBe(200);
  });
});

test("errors of one status are listed together, and the worst comes alone", async () => {
  const data = { type: "organization", id: "x", attributes: { colour: 1 } };
  expect((await guildhall.api.post("/api/organizations", { data })).body.errors).toHaveLength(1);
  const { body } = await guildhall.api.get(
    "/api/organizations?sort=tax_id&page[size]=0&include=x&colour=red",
  );
  expect(body.errors.map(({ status }: { status: string }) => status)).toEqual(["400", "400", "400", "400"]);
});

test("an error points at the closest member that was sent", async () => {
  for (const [document, source] of [
    [{ meta: {} }, { pointer: "/meta" }],
    [{ jsonapi: {} }, { pointer: "" }],
    [undefined, undefined],
  ] as const) {
    const { status, body } = await guildhall.api.post(`${path}/transfer-ownership`, document);
    expect(status).toBe(422);
    expect(body.errors[0].source).toEqual(source);
  }
});

test("waiting too long for a lock is a 503 with Retry-After", async () => {
  const trx = await guildhall.db.transaction();
  const id = path.split("/").at(-1) ?? "";
  await trx("organizations").where({ id }).forUpdate();
  const data = { type: "organization", id, attributes: { country: "FR" } };
  const answer = await guildhall.api.patch(path, { data });
  await trx.rollback();
  expect(answer).toMatchObject(refusal(503, "unavailable"));
  expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
});
