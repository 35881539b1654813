import { beforeAll, describe, expect, test } from "vitest";
import { newId } from "../src/lib/id.ts";
import { resourceTypes } from "../src/management/all-resources.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import { buildMember, buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildWorld, type World } from "./support/one-of-everything.ts";

const guildhall = useGuildhall();
let world: World;

beforeAll(async () => {
  world = await buildWorld(guildhall);
});

interface Identifier {
  type: string;
  id: string;
}
const keyOf = ({ type, id }: Identifier) => `${type}:${id}`;
const keysOf = (rows: Identifier[] | Identifier | null): string[] =>
  (Array.isArray(rows) ? rows : rows === null ? [] : [rows]).map(keyOf).sort();
const badParameter = (code: string, parameter: string) => ({
  status: 400,
  body: { errors: [{ code, source: { parameter } }] },
});

const relationships = resourceTypes.flatMap((type) =>
  Object.keys(type.relationships).map((name) => [type.path, name] as const),
);

describe("a relationship", () => {
  test.each(relationships)("a relationship of /api/%s, %s, is the same at both links", async (path, name) => {
    const self = `/api/${path}/${world.ids[path]}`;
    for (const api of [guildhall.api, guildhall.api.as(world.owner.token)]) {
      const { links, data } = (await api.get(self)).body.data.relationships[name];
      expect(links).toEqual({ self: `${self}/relationships/${name}`, related: `${self}/${name}` });
      const [bare, related] = [await api.get(links.self), await api.get(links.related)];
      expect([bare.status, related.status]).toEqual([200, 200]);
      expect(bare.body.links).toMatchObject(links);
      expect(related.body.links.self).toBe(links.related);
      for (const row of [bare.body.data].flat())
        if (row !== null) expect(Object.keys(row).sort()).toEqual(["id", "type"]);
      // Anyone who knows the id gets the linkage, and a hidden resource is left out.
      const [linked, seen] = [keysOf(bare.body.data), keysOf(related.body.data)];
      expect(linked).toEqual(expect.arrayContaining(seen));
      if (api === guildhall.api) expect(linked).toEqual(seen);
      if (data !== undefined) expect(keysOf(data)).toEqual(linked);
    }
  });

  test.each(relationships)(
    "a relationship of /api/%s, %s, is included once, in full and linked",
    async (path, name) => {
      const self = `/api/${path}/${world.ids[path]}`;
      const related = (await guildhall.api.get(`${self}/${name}`)).body.data;
      const { data, included } = (await guildhall.api.get(`${self}?include=${name}`)).body;
      expect(keysOf(included)).toEqual(keysOf(related));
      expect(keysOf(data.relationships[name].data)).toEqual(keysOf(related));
    },
  );

  test("a relationship of an unknown resource is a 404 at both links", async () => {
    for (const [path, name] of relationships) {
      const prefix = resourceTypes.find((type) => type.path === path)?.prefix;
      const self = `/api/${path}/${prefix}_01h2xcejqtf2nbrexx3vqjhp41`;
      for (const url of [`${self}/${name}`, `${self}/relationships/${name}`])
        expect((await guildhall.api.get(url)).status, url).toBe(404);
    }
  });
});

describe("include", () => {
  test("include follows relationships of relationships, and links every step", async () => {
    const url = `/api/organizations/${world.organization.id}?include=memberships.user,memberships.roles.permissions,owner`;
    const { data, included } = (await guildhall.api.as(world.owner.token).get(url)).body;
    const byType = (type: string): Identifier[] => included.filter((row: Identifier) => row.type === type);
    expect(keysOf(byType("user"))).toEqual([`user:${world.owner.user.id}`]);
    expect(keysOf(byType("membership"))).toEqual(keysOf(data.relationships.memberships.data));
    expect(byType("permission").length).toBeGreaterThan(10);
    expect(new Set(included.map(keyOf)).size).toBe(included.length);
  });

  test("doesn't repeat primary data", async () => {
    const url = `/api/organizations/${world.organization.id}/memberships?include=organization.memberships`;
    const { body } = await guildhall.api.get(url);
    expect(keysOf(body.included)).toEqual([`organization:${world.organization.id}`]);
    expect(keysOf(body.included[0].relationships.memberships.data)).toEqual(keysOf(body.data));
  });

  test("an empty include gives an empty list, and no include gives none", async () => {
    const path = `/api/organizations/${world.organization.id}`;
    expect((await guildhall.api.get(`${path}?include=`)).body.included).toEqual([]);
    expect((await guildhall.api.get(path)).body).not.toHaveProperty("included");
    const none = await guildhall.api.get("/api/memberships?filter[user]=user_none&include=user,roles");
    expect(none.body).toMatchObject({ data: [], included: [] });
    const empty = await guildhall.api.get(
      `/api/organizations/${world.organization.id}/roles?include=permissions`,
    );
    expect(empty.status).toBe(200);
  });

  test("of an empty relationship links to nothing", async () => {
    const { user } = await buildPerson(guildhall);
    const { body } = await guildhall.api.get(`/api/users/${user.id}?include=memberships,user_roles`);
    expect(body.data.relationships).toMatchObject({ memberships: { data: [] }, user_roles: { data: [] } });
    expect(body.included).toEqual([]);
  });

  test.each([
    "colour",
    "owner.colour",
    "owner.",
    ".owner",
    "OWNER",
    "owner memberships",
    "__proto__",
    "owner.memberships.roles.permissions",
  ])("including %j, which is unknown or too deep, is a 400", async (include) => {
    for (const path of ["/api/organizations", `/api/organizations/${world.organization.id}`]) {
      const answer = await guildhall.api.get(`${path}?${new URLSearchParams({ include })}`);
      expect(answer).toMatchObject(badParameter("invalid_parameter", "include"));
    }
  });

  test("of 1000 resources works, and of more is 400 include_too_large", async () => {
    const owner = await buildPerson(guildhall);
    const { environment_id, id: organization_id } = await buildOrganization(guildhall, owner);
    const rows = Array.from({ length: 1_000 }, (_, n) => {
      const email = `invitee-${n}@example.com`;
      const expires_at = "2099-01-01";
      return { id: newId("inv"), environment_id, organization_id, email, email_canonical: email, expires_at };
    });
    await guildhall.db.batchInsert("invitations", rows);
    const url = `/api/organizations/${organization_id}?include=invitations`;
    expect((await guildhall.api.get(url)).body.included).toHaveLength(1_000);
    await guildhall.api.post("/api/invitations", {
      data: {
        type: "invitation",
        attributes: { email: uniqueEmail() },
        relationships: { organization: { data: { type: "organization", id: organization_id } } },
      },
    });
    expect(await guildhall.api.get(url)).toMatchObject(badParameter("include_too_large", "include"));
  });

  test("shows nobody what they may not see", async () => {
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const { token, user } = await buildMember(guildhall, organization, "member");
    await invite(guildhall, organization, uniqueEmail());
    const api = guildhall.api.as(token);
    const { body } = await api.get(
      `/api/memberships?filter[user]=${user.id}&include=user.sessions,user.user_roles`,
    );
    expect(keysOf(body.included).filter((key) => key.startsWith("session:"))).toHaveLength(1);
    const fellows = await api.get(`/api/organizations/${organization.id}?include=owner.sessions`);
    expect(keysOf(fellows.body.included)).toEqual([`user:${organization.owner_user_id}`]);
    expect(fellows.body.included[0].relationships.sessions.data).toEqual([]);
  });

  test("needs the included resources' scope: 403 scope_missing", async () => {
    const { id } = world.organization;
    const api = async (...scopes: string[]) =>
      bearing(guildhall, await accessToken(guildhall, await buildClient(guildhall, scopes)));
    const narrow = await api("organizations:read");
    for (const path of [
      `${id}?include=memberships`,
      `${id}?include=owner.sessions`,
      `${id}/memberships`,
      `${id}/relationships/owner`,
    ]) {
      expect(await narrow.get(`/api/organizations/${path}`)).toMatchObject({
        status: 403,
        body: { errors: [{ code: "scope_missing" }] },
      });
    }
    const wide = await api("organizations:read", "memberships:read");
    expect((await wide.get(`/api/organizations/${id}?include=memberships`)).status).toBe(200);
  });
});

describe("fields", () => {
  test("fields limit primary and included resources as requested", async () => {
    const url = `/api/organizations/${world.organization.id}?include=owner,memberships&fields[organization]=name,owner&fields[user]=email`;
    const { data, included } = (await guildhall.api.get(url)).body;
    expect(data.attributes).toEqual({ name: "Acme Corp" });
    const user = included.find(({ type }: Identifier) => type === "user");
    expect(user.attributes).toEqual({ email: world.owner.user.email });
    expect(Object.keys(user.relationships ?? {})).toEqual([]);
    const membership = included.find(({ type }: Identifier) => type === "membership");
    expect(Object.keys(membership.attributes).sort()).toEqual(["created_at", "metadata", "updated_at"]);
  });

  test("fields without names leave a bare resource, and unknown ones are ignored", async () => {
    for (const fields of ["", "colour", "__proto__,constructor", "id,type"]) {
      const query = new URLSearchParams({ "fields[organization]": fields });
      const { status, body } = await guildhall.api.get(
        `/api/organizations/${world.organization.id}?${query}`,
      );
      expect(status).toBe(200);
      expect(body.data).toMatchObject({ type: "organization", id: world.organization.id });
      expect([body.data.attributes ?? {}, body.data.relationships ?? {}]).toEqual([{}, {}]);
    }
  });

  test("apply to lists and their pages alike", async () => {
    const { body } = await guildhall.api.get("/api/roles?fields[role]=name&page[size]=1");
    const next = await guildhall.api.get(body.links.next);
    expect(Object.keys(next.body.data[0].attributes)).toEqual(["name"]);
  });
});
