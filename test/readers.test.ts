import JsonApi from "devour-client";
import { Jsona } from "jsona";
import Kitsu from "kitsu";
import { beforeAll, describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;
let fellows: Person[];

beforeAll(async () => {
  owner = await buildPerson(guildhall, { first_name: "Ada", metadata: { team: ["blue", { floor: 2 }] } });
  organization = await buildOrganization(guildhall, owner, { name: "Analytical Engines" });
  fellows = [];
  for (let n = 0; n < 4; n += 1) fellows.push(await buildMember(guildhall, organization, "member"));
});

const environment = { "X-Environment": "acme-test" };
// Their requests pass `check-every-answer.ts` like ours.
const axiosOptions = { adapter: "fetch" };

const rowOf = (table: string, id: string) => guildhall.db(table).where({ id }).first();
const idsOfUsers = (): Promise<string[]> =>
  guildhall.db("users").where({ environment_id: owner.user.environment_id }).orderBy("id").pluck("id");
// biome-ignore lint/suspicious/noExplicitAny: objects as each reader makes them.
type Read = any;
const emailsOf = (users: Read[]) => users.map(({ email }) => email).sort();
const everybody = () => [owner, ...fellows].map(({ user }) => user.email).sort();

describe("kitsu", () => {
  const kitsuWith = (headers: Record<string, string>) =>
    new Kitsu({
      baseURL: `${guildhall.api.origin}/api`,
      headers: { ...environment, ...headers },
      camelCaseTypes: false,
      resourceCase: "none",
      pluralize: false,
      axiosOptions,
    });
  const kitsu = () => kitsuWith({ Authorization: `Bearer ${OPERATOR_TOKEN}` });

  test("kitsu lists everything in the database, page by page", async () => {
    const ids: string[] = [];
    let page: Read = await kitsu().get("users", { params: { page: { size: 2 } } });
    for (;;) {
      ids.push(...page.data.map(({ id }: { id: string }) => id));
      if (page.links.next === null) break;
      page = await kitsu().request({ url: guildhall.api.origin + page.links.next, type: "user" });
    }
    expect(ids).toEqual(await idsOfUsers());
  });

  test("kitsu finds one resource with everything it includes", async () => {
    const params = { include: "owner,memberships.user" };
    const { data }: Read = await kitsu().get(`organizations/${organization.id}`, { params });
    expect(data.name).toBe("Analytical Engines");
    expect(data.owner.data).toMatchObject({
      id: owner.user.id,
      first_name: "Ada",
      metadata: owner.user.metadata,
    });
    const users = data.memberships.data.map((membership: Read) => membership.user.data);
    expect(emailsOf(users)).toEqual(everybody());
  });

  test("kitsu reads as a signed-in user, and fewer fields on request", async () => {
    const params = { fields: { user: "email" } };
    const { data }: Read = await kitsuWith({ "X-Session-ID": owner.token }).get("users", { params });
    expect(emailsOf(data)).toEqual(everybody());
    expect(data[0]).not.toHaveProperty("first_name");
  });

  test("kitsu creates, changes and deletes", async () => {
    const [email, type] = [uniqueEmail(), "user"];
    const created: Read = await kitsu().request({
      method: "POST",
      url: "users",
      type,
      body: { email, first_name: "Grace", metadata: { desk: 5 } },
    });
    const { id } = created.data;
    expect(await rowOf("users", id)).toMatchObject({ email, first_name: "Grace", metadata: { desk: 5 } });

    const body = { id, last_name: "Hopper" };
    const changed: Read = await kitsu().request({ method: "PATCH", url: `users/${id}`, type, body });
    const row = await rowOf("users", id);
    expect(row).toMatchObject({ first_name: "Grace", last_name: "Hopper" });
    expect(changed.data.updated_at).toBe(row.updated_at.toISOString());

    expect(await kitsu().delete("users", id)).toMatchObject({ status: 204 });
    expect(await rowOf("users", id)).toBeUndefined();
  });

  test("kitsu creates with relationships", async () => {
    const { user } = await buildPerson(guildhall);
    const created: Read = await kitsu().request({
      method: "POST",
      url: "organizations",
      type: "organization",
      body: { name: "Acme", owner: { data: { type: "user", id: user.id } } },
    });
    expect(await rowOf("organizations", created.data.id)).toMatchObject({ owner_user_id: user.id });
  });

  test("kitsu shows what was wrong", async () => {
    const body = { email: "nobody" };
    const refused = kitsu().request({ method: "POST", url: "users", type: "user", body });
    await expect(refused).rejects.toMatchObject({
      errors: [{ status: "422", source: { pointer: "/data/attributes/email" } }],
    });
  });
});

describe("devour", () => {
  function devour(): JsonApi {
    const api = new JsonApi({ apiUrl: `${guildhall.api.origin}/api`, bearer: OPERATOR_TOKEN, logger: false });
    api.headers = environment;
    api.axios = api.axios.create(axiosOptions);
    const hasOne = (type: string) => ({ jsonApi: "hasOne", type });
    const hasMany = (type: string) => ({ jsonApi: "hasMany", type });
    const names = (list: string) => Object.fromEntries(list.split(" ").map((name) => [name, ""]));
    api.define("user", names("email first_name last_name metadata created_at updated_at"), { type: "user" });
    api.define("membership", { user: hasOne("user"), ...names("metadata") }, { type: "membership" });
    api.define(
      "organization",
      { ...names("name slug tax_id"), owner: hasOne("user"), memberships: hasMany("membership") },
      { type: "organization" },
    );
    api.define(
      "user_role",
      { user: hasOne("user"), role: hasOne("role") },
      { type: "user_role", collectionPath: "user-roles" },
    );
    return api;
  }

  test("devour lists everything in the database, page by page", async () => {
    const ids: string[] = [];
    let page = await devour().findAll("user", { page: { size: 3 } });
    for (;;) {
      ids.push(...page.data.map(({ id }: { id: string }) => id));
      const { next } = page.links;
      if (typeof next !== "string") break;
      page = await devour().request(guildhall.api.origin + next);
    }
    expect(ids).toEqual(await idsOfUsers());
  });

  test("devour finds one resource with everything it includes", async () => {
    const { data } = await devour().find("organization", organization.id, {
      include: "owner,memberships.user",
    });
    expect(data).toMatchObject({
      name: "Analytical Engines",
      owner: { id: owner.user.id, first_name: "Ada" },
    });
    expect(emailsOf(data.memberships.map(({ user }: Read) => user))).toEqual(everybody());
  });

  test("devour creates, changes and deletes", async () => {
    const slug = unique("acme").toLowerCase();
    const created = await devour().create("organization", {
      name: "Acme",
      slug,
      owner: { id: owner.user.id },
    });
    const { id } = created.data;
    expect(await rowOf("organizations", id)).toMatchObject({
      name: "Acme",
      slug,
      owner_user_id: owner.user.id,
    });

    const change = { id, tax_id: "DE 1" };
    expect((await devour().update("organization", change)).data).toMatchObject({
      name: "Acme",
      tax_id: "DE 1",
    });
    expect(await rowOf("organizations", id)).toMatchObject({ name: "Acme", tax_id: "DE 1" });

    await devour().destroy("organization", id);
    expect((await rowOf("organizations", id)).deleting_at).not.toBeNull();
    await expect(devour().find("organization", id)).rejects.toMatchObject({ 0: { title: "Not Found" } });
  });

  test("devour links and unlinks by a resource of its own", async () => {
    const role = await guildhall
      .db("roles")
      .where({ environment_id: owner.user.environment_id, name: "billing" })
      .first("id");
    const links = { user: { id: owner.user.id }, role: { id: role.id } };
    const { data } = await devour().create("user_role", links);
    expect(await rowOf("user_roles", data.id)).toMatchObject({ user_id: owner.user.id, role_id: role.id });
    await devour().destroy("user_role", data.id);
    expect(await rowOf("user_roles", data.id)).toBeUndefined();
  });
});

describe("jsona", () => {
  /** As the owner sees it. */
  const read = async (path: string): Promise<Read> =>
    new Jsona().deserialize((await guildhall.api.as(owner.token).get(path)).body);

  test("jsona reads a list exactly as it is in the database", async () => {
    const users: Read[] = await read("/api/users?page[size]=100");
    for (const { id, type, email, first_name, created_at } of users) {
      const row = await rowOf("users", id);
      expect({ type, email, first_name }).toEqual({
        type: "user",
        email: row.email,
        first_name: row.first_name,
      });
      expect(created_at).toBe(row.created_at.toISOString());
    }
    expect(emailsOf(users)).toEqual(everybody());
  });

  test("jsona reads inclusions three relationships deep", async () => {
    const path = `/api/organizations/${organization.id}?include=owner,memberships.roles.permissions`;
    const { owner: shown, memberships } = await read(path);
    expect(shown.email).toBe(owner.user.email);
    expect(memberships).toHaveLength(5);
    const roles: Read[] = memberships.flatMap((membership: Read) => membership.roles);
    for (const { id, name, permissions } of roles) {
      const held = await guildhall.db("role_permissions").where({ role_id: id }).pluck("permission_id");
      expect(permissions.map((permission: Read) => permission.id).sort(), name).toEqual(held.sort());
    }
  });

  test("jsona reads an empty to-one relationship as null", async () => {
    const role = await guildhall
      .db("roles")
      .where({ environment_id: owner.user.environment_id, name: "owner" })
      .first("id");
    expect(await read(`/api/roles/${role.id}/organization`)).toBeUndefined();
  });
});
