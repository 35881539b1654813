import { beforeAll, describe, expect, test } from "vitest";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";
import { giveInEnvironment } from "./support/roles.ts";

const guildhall = useGuildhall();
let owner: Person;
let colleague: Api;
const external_id = unique("crm");

beforeAll(async () => {
  owner = await buildPerson(guildhall, { external_id });
  const organization = await buildOrganization(guildhall, owner);
  colleague = guildhall.api.as((await buildMember(guildhall, organization, "admin")).token);
});

const creation = (attributes: object) => ({
  data: { type: "user", attributes: { email: uniqueEmail(), ...attributes } },
});
const change = (id: string, attributes: object) => ({ data: { type: "user", id, attributes } });
const taken = refusal(409, "external_id_taken", { pointer: "/data/attributes/external_id" });

describe("a user's external_id", () => {
  test("an external_id is set at creation or later, found, and cleared", async () => {
    const [first, second] = [unique("crm"), unique("crm")];
    const { status, body } = await guildhall.api.post("/api/users", creation({ external_id: first }));
    expect([status, body.data.attributes.external_id]).toEqual([201, first]);
    const url = `/api/users/${body.data.id}`;
    for (const value of [second, null]) {
      const changed = await guildhall.api.patch(url, change(body.data.id, { external_id: value }));
      expect(changed).toMatchObject({ status: 200, body: { data: { attributes: { external_id: value } } } });
    }
    expect(
      (await guildhall.api.get(`/api/users?filter[external_id]=${external_id}`)).body.data,
    ).toMatchObject([{ id: owner.user.id, attributes: { external_id } }]);
    expect((await guildhall.api.get(`/api/users?filter[external_id]=${second}`)).body.data).toEqual([]);
  });

  test("is unique in the environment: 409 external_id_taken", async () => {
    const { user } = await buildPerson(guildhall);
    expect(await guildhall.api.post("/api/users", creation({ external_id }))).toMatchObject(taken);
    const changed = await guildhall.api.patch(`/api/users/${user.id}`, change(user.id, { external_id }));
    expect(changed).toMatchObject(taken);
    const handle = unique("other");
    await buildEnvironment(guildhall, handle);
    const elsewhere = await guildhall.api.in(handle).post("/api/users", creation({ external_id }));
    expect(elsewhere.status).toBe(201);
  });

  test("is unique even if many requests set it at once", async () => {
    const wanted = unique("crm");
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => guildhall.api.post("/api/users", creation({ external_id: wanted }))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
  });

  test("can't be set by a signed-in user: 403 program_only", async () => {
    const support = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, support.user, ["users:read", "users:manage"]);
    const api = guildhall.api.as(support.token);
    const no = refusal(403, "program_only", { pointer: "/data/attributes/external_id" });
    expect(await api.post("/api/users", creation({ external_id: unique("crm") }))).toMatchObject(no);
    const { id } = support.user;
    expect(await api.patch(`/api/users/${id}`, change(id, { external_id: null }))).toMatchObject(no);
  });

  test("an external_id is hidden from fellow members and the user", async () => {
    for (const api of [colleague, guildhall.api.as(owner.token)]) {
      const { body } = await api.get(`/api/users/${owner.user.id}?fields[user]=email,external_id`);
      expect(body.data.attributes).toEqual({ email: owner.user.email });
      expect((await api.get(`/api/users?filter[external_id]=${external_id}`)).body.data).toEqual([]);
    }
  });

  test("is set and read with an access token with the scopes", async () => {
    const client = await buildClient(guildhall, ["users:read", "users:write"]);
    const api = bearing(guildhall, await accessToken(guildhall, client));
    const wanted = unique("crm");
    expect((await api.post("/api/users", creation({ external_id: wanted }))).status).toBe(201);
    const { body } = await api.get(`/api/users?filter[external_id]=${wanted}`);
    expect(body.data).toMatchObject([{ attributes: { external_id: wanted } }]);
  });

  test.each([
    ["empty", ""],
    ["too long", "x".repeat(201)],
    ["a number", 7],
  ])("that is %s is a 422", async (_, value) => {
    const answer = await guildhall.api.post("/api/users", creation({ external_id: value }));
    expect(answer).toMatchObject({ status: 422 });
  });
});
