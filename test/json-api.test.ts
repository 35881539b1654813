import { beforeAll, describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, invite, roleId, unique, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

beforeAll(async () => {
  await buildPerson(guildhall);
});

/** A valid body, with something more among its attributes. */
const organization = (attributes: object = {}, more: object = {}) => ({
  data: { type: "organization", attributes: { name: "Acme Corp", ...attributes }, ...more },
});

function create(document: unknown) {
  return guildhall.api.post("/api/organizations", document);
}

/** The value a JSON pointer points at. @throws if there is none. */
function at(document: unknown, pointer: string): unknown {
  const keys = pointer.split("/").slice(1);
  return keys.reduce((value: unknown, key) => {
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      throw new Error(`${pointer} points at nothing`);
    }
    return (value as Record<string, unknown>)[name];
  }, document);
}

describe("a resource object", () => {
  const wrongAttributes = [
    { name: "" },
    { name: "   " },
    { name: "x".repeat(201) },
    { name: "a\u0007b" },
    { name: 5 },
    { name: null },
    { slug: "Not A Slug" },
    { business_email: "nobody" },
    { country: "Germany" },
    { picture: "javascript:alert(1)" },
    { picture: "data:text/html,x" },
    { metadata: [] },
    { metadata: "x" },
    { member_management: "everybody" },
    { owner_user_id: "user_1" },
    { id: "org_1" },
    { created_at: "2026-01-01T00:00:00Z" },
    { deleting_at: null },
    { environment_id: "env_1" },
    { "": 1 },
    { "a/b": 1, "a~b": 2, "a~1b": 3 },
  ];
  test.each(wrongAttributes)("with the attribute %j is a 422 that points at the error", async (wrong) => {
    const document = organization(wrong);
    const answer = await create(document);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toHaveLength(Object.keys(wrong).length);
    const pointers = answer.body.errors.map((item: { source: { pointer: string } }) => item.source.pointer);
    expect(pointers.map((pointer: string) => at(document, pointer))).toEqual(Object.values(wrong));
  });

  test("with several errors gets all of them", async () => {
    const document = organization({ name: "", colour: "red" }, { relationships: { friend: { data: null } } });
    const answer = await create(document);
    expect(answer.status).toBe(422);
    const found = answer.body.errors.map(
      ({ code, source }: { code: string; source: { pointer: string } }) => `${code} ${source.pointer}`,
    );
    expect(found.sort()).toEqual([
      "invalid_attribute /data/attributes/name",
      "unknown_attribute /data/attributes/colour",
      "unknown_relationship /data/relationships/friend",
    ]);
  });

  test("with hundreds of errors gets fifty in a limited answer", async () => {
    const document = organization(
      Object.fromEntries(Array.from({ length: 990 }, (_, n) => [`attribute_${n}`, 1])),
    );
    const answer = await create(document);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toHaveLength(50);
    expect(JSON.stringify(answer.body).length).toBeLessThan(JSON.stringify(document).length);
  });

  test("without a required member is a 422 at the closest one", async () => {
    for (const [document, pointer] of [
      [{ data: { type: "organization" } }, "/data"],
      [{ data: { type: "organization", attributes: {} } }, "/data/attributes"],
      [{ data: { type: "organization", attributes: [] } }, "/data/attributes"],
    ] as const) {
      const answer = await create(document);
      expect(answer).toMatchObject(refusal(422, "invalid_attribute", { pointer }));
      at(document, pointer);
    }
  });

  test.each([
    null,
    {},
    [],
    { data: [] },
    { data: { type: "user" } },
    { data: { type: "role", id: "x" } },
    { data: { type: "user", id: 5 } },
  ])("with the relationship %j is a 422 invalid_relationship", async (owner) => {
    const document = organization({}, { relationships: { owner } });
    const source = { pointer: "/data/relationships/owner" };
    expect(await create(document)).toMatchObject(refusal(422, "invalid_relationship", source));
  });

  test("an unknown related resource is a 404 that points at it", async () => {
    const relationships = { owner: { data: { type: "user", id: "user_01h2xcejqtf2nbrexx3vqjhp41" } } };
    const source = { pointer: "/data/relationships/owner" };
    expect(await create(organization({}, { relationships }))).toMatchObject(
      refusal(404, "not_found", source),
    );
  });

  test("a resource object of another type, or without one, is a 409 wrong_type", async () => {
    for (const type of ["organizations", "user", "", 5, null]) {
      const source = { pointer: "/data/type" };
      expect(await create(organization({}, { type }))).toMatchObject(refusal(409, "wrong_type", source));
    }
    const answer = await create({ data: { attributes: { name: "Acme" } } });
    expect(answer).toMatchObject(refusal(409, "wrong_type", { pointer: "/data" }));
  });

  test("a resource object with an id from the client is a 403 client_id", async () => {
    for (const id of [unique("org"), null, ""]) {
      const source = { pointer: "/data/id" };
      expect(await create(organization({}, { id }))).toMatchObject(refusal(403, "client_id", source));
    }
  });

  test("a resource object with an id other than the URL's is a 409 id_mismatch", async () => {
    const { id } = (await create(organization())).body.data;
    const other = await guildhall.api.patch(`/api/organizations/${id}`, organization({}, { id: `${id}x` }));
    expect(other).toMatchObject(refusal(409, "id_mismatch", { pointer: "/data/id" }));
    const none = await guildhall.api.patch(`/api/organizations/${id}`, organization());
    expect(none).toMatchObject(refusal(409, "id_mismatch", { pointer: "/data" }));
  });

  test("a resource object may have members of a future specification", async () => {
    const document = {
      ...organization({}, { meta: { a: 1 }, lid: "a" }),
      jsonapi: { version: "1.1" },
      later: 1,
    };
    expect(await create(document)).toMatchObject({ status: 201 });
  });
});

test("an unknown or wrong member of an action's meta is a 422 pointing at it", async () => {
  const { user } = await buildPerson(guildhall);
  const { body } = await invite(
    guildhall,
    await buildOrganization(guildhall, { user, token: "" }),
    uniqueEmail(),
  );
  for (const meta of [
    { user_id: 5 },
    { token: "x".repeat(201) },
    { "a/b~c": 1 },
    { role: await roleId(guildhall, user.environment_id, "admin") },
  ]) {
    const answer = await guildhall.api.post(`${body.data.links.self}/decline`, { meta });
    expect(answer.status).toBe(422);
    expect(at({ meta }, answer.body.errors[0].source.pointer)).toBe(Object.values(meta)[0]);
  }
});
