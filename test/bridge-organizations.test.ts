import { beforeAll, describe, expect, test } from "vitest";
import type { Api, ApiAnswer } from "./support/api.ts";
import { buildOrganization, buildPerson, type Person } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildRole, giveInEnvironment, membershipRole } from "./support/roles.ts";
import { bridgeRefusal, buildTeammates, NOT_ALLOWED } from "./support/teammates.ts";

const PATH = "/bridge-payment/organizations";
const NOBODYS = `${PATH}/org_01h2xcejqtf2nbrexx3vqjhp41`;

const guildhall = useGuildhall();

function problems({ body }: ApiAnswer): string[] {
  return body.fields.map(({ field, code }: { field: string; code: string }) => `${field} ${code}`);
}

describe("creating an organization", () => {
  let api: Api;
  beforeAll(async () => {
    api = guildhall.api.as((await buildPerson(guildhall)).token);
  });

  test("takes a name alone and leaves the rest empty", async () => {
    const { status, body } = await api.post(PATH, { name: "  Acme  " });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({ name: "Acme", business_email: null, business_phone: null });
    expect(body.data).toMatchObject({ tax_id: null, address: null, country: null, metadata: {} });
    expect(body).not.toHaveProperty("message");
  });

  test("takes country, picture and metadata", async () => {
    const details = {
      country: "DE",
      picture: "https://acme.example/logo.png",
      metadata: { size: { seats: 5 } },
    };
    const { body } = await api.post(PATH, { name: "Acme", ...details });
    expect((await api.get(`${PATH}/${body.data.id}`)).body.data).toMatchObject(details);
  });

  test("the metadata only programs see is neither shown nor changed", async () => {
    const metadata = { plan: "platinum" };
    const { body } = await api.post(PATH, { name: "Acme", metadata });
    const { id } = body.data;
    await guildhall
      .db("organizations")
      .where({ id })
      .update({ metadata: { plan: "gold" } });
    expect((await api.get(`${PATH}/${id}`)).body.data.metadata).toEqual(metadata);
    const changed = await api.put(`${PATH}/${id}`, { metadata: {} });
    expect(changed.body.data.metadata).toEqual({});
    expect(await guildhall.db("organizations").where({ id }).first()).toMatchObject({
      metadata: { plan: "gold" },
      public_metadata: {},
    });
  });

  test("keeps the line breaks of an address as \\n", async () => {
    const { body } = await api.post(PATH, { name: "Acme", address: "1 Road\r\nLondon\nN1" });
    expect(body.data.address).toBe("1 Road\nLondon\nN1");
    const changed = await api.put(`${PATH}/${body.data.id}`, { address: "2 Road\r\nLondon" });
    expect(changed.body.data.address).toBe("2 Road\nLondon");
  });

  test.each([
    [{}, ["name invalid_field"]],
    [{ name: "" }, ["name invalid_field"]],
    [{ name: "x".repeat(201) }, ["name invalid_field"]],
    [{ name: "Acme\nInc" }, ["name invalid_field"]],
    [{ name: "Acme", address: "Road\n".repeat(10).concat("London") }, ["address invalid_field"]],
    [{ name: "Acme", address: "1 Road\rLondon" }, ["address invalid_field"]],
    [{ name: "Acme", address: "1 Road\tLondon" }, ["address invalid_field"]],
    [{ name: 5, business_email: "nobody" }, ["name invalid_field", "business_email invalid_field"]],
    [{ name: "Acme", country: "Germany" }, ["country invalid_field"]],
    [{ name: "Acme", picture: "javascript:alert(1)" }, ["picture invalid_field"]],
    [
      { name: "Acme", id: "org_1", owner_user_id: "user_1" },
      ["id unknown_field", "owner_user_id unknown_field"],
    ],
    [{ name: "Acme", slug: "acme", external_id: "1" }, ["slug unknown_field", "external_id unknown_field"]],
  ])("is refused for %j, with every wrong field named", async (details, expected) => {
    const answer = await api.post(PATH, details);
    expect(answer.status).toBe(422);
    expect(problems(answer)).toEqual(expected);
  });

  test.each([
    ["nothing", undefined, 400],
    ["a list", "[]", 400],
    ["a word", '"Acme"', 400],
    ["half an object", '{"name":', 400],
  ])("is refused for %s", async (_, body, status) => {
    expect(await api.post(PATH, body)).toMatchObject({ status, body: { success: false } });
  });

  test("is refused for a form", async () => {
    const answer = await api.post(PATH, "name=Acme", { "Content-Type": "application/x-www-form-urlencoded" });
    expect(answer).toMatchObject(bridgeRefusal(415, "unsupported_media_type"));
  });
});

describe("one's own organizations", () => {
  let person: Person;
  let names: string[];
  beforeAll(async () => {
    person = await buildPerson(guildhall);
    names = Array.from({ length: 5 }, (_, n) => `Acme ${n}`);
    for (const name of names) await buildOrganization(guildhall, person, { name });
    await buildTeammates(guildhall);
  });
  const list = (query = "") => guildhall.api.as(person.token).get(PATH + query);

  test("are listed oldest first, and nobody else's", async () => {
    const { body } = await list();
    expect(body.data.map(({ name }: { name: string }) => name)).toEqual(names);
  });

  test.each([
    ["?limit=2", [0, 1], { total: 5, page: 1, pageSize: 2, totalPages: 3 }],
    ["?limit=2&page=3", [4], { total: 5, page: 3, pageSize: 2, totalPages: 3 }],
    ["?limit=2&page=4", [], { total: 5, page: 4, pageSize: 2, totalPages: 3 }],
    ["?limit=100", [0, 1, 2, 3, 4], { total: 5, page: 1, pageSize: 100, totalPages: 1 }],
  ])("are paged by %s", async (query, expected, pagination) => {
    const { body } = await list(query);
    expect(body.data.map(({ name }: { name: string }) => names.indexOf(name))).toEqual(expected);
    expect(body.meta).toEqual({ pagination });
  });

  test("are an empty page for a user without any", async () => {
    const { body } = await guildhall.api.as((await buildPerson(guildhall)).token).get(PATH);
    const pagination = { total: 0, page: 1, pageSize: 20, totalPages: 0 };
    expect(body).toEqual({ success: true, data: [], meta: { pagination } });
  });

  test.each(["limit=0", "limit=101", "limit=two", "page=0", "page=1.5", "offset=2", "role=owner"])(
    "can't be listed with %s: refused by the parameter's name",
    async (parameter) => {
      const answer = await list(`?${parameter}`);
      expect(answer).toMatchObject({ status: 400, body: { fields: [{ field: parameter.split("=")[0] }] } });
    },
  );
});

describe("your role", () => {
  test("is the strongest of the four; `your_roles` lists them all", async () => {
    const { member, path, organization } = await buildTeammates(guildhall);
    const { db } = guildhall;
    const { environment_id, id } = organization;
    const admin = await db("roles").where({ environment_id, name: "admin", is_system: true }).first("id");
    const own = await buildRole(guildhall, [], id);
    for (const role of [admin.id, own])
      await guildhall.api.post("/api/membership-roles", membershipRole(member.memberId, role));
    const roles = ["admin", "member", (await db("roles").where({ id: own }).first("name")).name];
    expect((await member.api.get(path)).body.data).toMatchObject({ your_role: "admin", your_roles: roles });
    expect((await member.api.get(PATH)).body.data).toMatchObject([{ role: "admin", roles }]);
  });

  test("is null for a member with none of the four", async () => {
    const { member, path, organization } = await buildTeammates(guildhall);
    const own = await buildRole(guildhall, ["organization:read"], organization.id);
    await guildhall.db("membership_roles").where({ membership_id: member.memberId }).update({ role_id: own });
    const { name } = await guildhall.db("roles").where({ id: own }).first("name");
    expect((await member.api.get(path)).body.data).toMatchObject({ your_role: null, your_roles: [name] });
    expect((await member.api.get(PATH)).body.data).toMatchObject([{ role: null, roles: [name] }]);
  });

  test("is null for a viewer by an environment role who isn't a member", async () => {
    const { outsider, path } = await buildTeammates(guildhall);
    await giveInEnvironment(guildhall, outsider.user, ["organization:read"]);
    expect((await outsider.api.get(path)).body.data).toMatchObject({ your_role: null, your_roles: [] });
  });
});

test.each([
  ["GET", "", undefined],
  ["PUT", "", { name: "Mine" }],
  ["DELETE", "", undefined],
  ["POST", "/transfer-ownership", { user_id: "user_01h2xcejqtf2nbrexx3vqjhp41" }],
  ["POST", "/deletion-preview", undefined],
  ["GET", "/deletion", undefined],
  ["GET", "/members", undefined],
  ["POST", "/members", { email: "jane@example.com" }],
  ["PUT", "/members/orguser_01h2xcejqtf2nbrexx3vqjhp41", { role: "admin" }],
  ["DELETE", "/members/orguser_01h2xcejqtf2nbrexx3vqjhp41", undefined],
  ["POST", "/leave", undefined],
] as const)(
  "%s %s answers the same for foreign and unknown organizations",
  async (method, rest, document) => {
    const { outsider, path } = await buildTeammates(guildhall);
    const { api } = outsider;
    const send = (to: string) =>
      ({
        GET: () => api.get(to + rest),
        PUT: () => api.put(to + rest, document),
        POST: () => api.post(to + rest, document),
        DELETE: () => api.delete(to + rest),
      })[method]();
    const answers = [
      await send(path),
      await send(NOBODYS),
      await send(`${PATH}/x`),
      await send(`${PATH}/%F0%9F%98%80`),
    ];
    for (const { status, headers, body } of answers) {
      expect(status).toBe(403);
      const request_id = headers.get("X-Request-Id");
      expect(body).toEqual({ success: false, error: NOT_ALLOWED, code: "forbidden", request_id });
    }
  },
);

describe("an update", () => {
  test("changes what is given, empties what is null, and leaves the rest", async () => {
    const { owner, path } = await buildTeammates(guildhall, {
      tax_id: "12",
      address: "1 Road",
      metadata: { a: 1 },
    });
    const before = (await owner.api.get(path)).body.data;
    const { body } = await owner.api.put(path, { address: null, country: "FR" });
    const { your_role, your_roles, ...rest } = before;
    const { updated_at } = body.data;
    expect(body).toEqual({ success: true, data: { ...rest, address: null, country: "FR", updated_at } });
    expect(Date.parse(updated_at)).toBeGreaterThan(Date.parse(before.updated_at));
  });

  test.each([
    [{ name: null }, ["name invalid_field"]],
    [{ name: "New", owner_user_id: "user_1" }, ["owner_user_id unknown_field"]],
    [{ name: "New", slug: "new", deleting_at: null }, ["slug unknown_field", "deleting_at unknown_field"]],
  ])("with %j is refused as a whole", async (change, expected) => {
    const { owner, path } = await buildTeammates(guildhall);
    const answer = await owner.api.put(path, change);
    expect(answer.status).toBe(422);
    expect(problems(answer)).toEqual(expected);
    expect((await owner.api.get(path)).body.data.name).toBe("Acme Corp");
  });

  test("only the owner changes `member_management`, from the next request on", async () => {
    const { owner, admin, path } = await buildTeammates(guildhall);
    const { user } = await buildPerson(guildhall);
    const add = () => admin.api.post(`${path}/members`, { email: user.email });
    const opening = { member_management: "owner_and_admins" };
    expect(await add()).toMatchObject(bridgeRefusal(403, "members_left_to_owner", NOT_ALLOWED));
    expect(await admin.api.put(path, opening)).toMatchObject(bridgeRefusal(403, "owner_only", NOT_ALLOWED));
    expect(await owner.api.put(path, opening)).toMatchObject({ status: 200, body: { data: opening } });
    expect((await add()).status).toBe(201);
  });

  test("an admin may send the current `member_management` back, as forms do", async () => {
    const { admin, path } = await buildTeammates(guildhall);
    const { status } = await admin.api.put(path, { name: "New", member_management: "owner" });
    expect(status).toBe(200);
  });
});
