import { beforeAll, describe, expect, test } from "vitest";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  invite,
  type Person,
  unique,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";
import { giveInEnvironment } from "./support/roles.ts";

const guildhall = useGuildhall();
beforeAll(async () => {
  await buildEnvironment(guildhall);
});

async function search(api: Api, path: string, wanted: string, more: Record<string, string> = {}) {
  const query = new URLSearchParams({ "filter[search]": wanted, "page[size]": "100", ...more });
  const { status, body } = await api.get(`/api/${path}?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.map(({ id }: { id: string }) => id);
}

describe("filter[search] finds users", () => {
  let jane: Person;
  let handle: string;
  let api: Api;
  beforeAll(async () => {
    handle = unique("search");
    await buildEnvironment(guildhall, handle);
    api = guildhall.api.in(handle);
    await buildPerson(guildhall, { environment: handle, email: "somebody@example.org" });
    jane = await buildPerson(guildhall, {
      environment: handle,
      email: "j.smith_99@Mail.Example.com",
      first_name: "Jané",
      last_name: "Smith-O’Brien Größe",
    });
  });

  test.each([
    ["a name", "Jane"],
    ["a name in another letter case", "SMITH"],
    ["a name as it is written, accent composed", "Jan\u00e9"],
    ["a name as it is written, accent apart", "Jane\u0301"],
    ["a name with ß written as ss", "grosse"],
    ["the start of a name, of two letters", "ja"],
    ["the middle of a name", "mit"],
    ["several words, in any order", "brien jan"],
    ["a name and a part of the address", "smith example.com"],
    ["the whole address", "j.smith_99@mail.example.com"],
    ["the start of an address", "j.smith"],
    ["the end of an address", "@mail.example.com"],
    ["a part that begins and ends within words", "th_99@mai"],
    ["a character that isn't a wildcard", "smith_9"],
    ["words far apart", "  jane \t smith "],
  ])("by %s", async (_, wanted) => {
    expect(await search(api, "users", wanted)).toEqual([jane.user.id]);
  });

  test.each([
    ["several words, one of them unknown", "jane nobody"],
    ["a percent sign for anything", "jan%smith"],
    ["an underscore for any letter", "j_smith"],
    ["a star for anything", "sm*"],
    ["parts that are not side by side", "smith99"],
  ])("but nobody by %s", async (_, wanted) => {
    expect(await search(api, "users", wanted)).toEqual([]);
  });

  test("by their current name", async () => {
    const person = await buildPerson(guildhall, { environment: handle, first_name: "Formerly" });
    const { id } = person.user;
    const owned = await buildOrganization(guildhall, person);
    const attributes = { first_name: "Nowadays" };
    await api.patch(`/api/users/${id}`, { data: { type: "user", id, attributes } });
    expect(await search(api, "users", "nowadays")).toEqual([id]);
    expect(await search(api, "memberships", "nowadays")).toHaveLength(1);
    const own = guildhall.api.in(handle).as(person.token);
    expect(await search(own, "memberships", "nowadays")).toHaveLength(1);
    for (const path of ["users", "memberships"]) {
      expect(await search(api, path, "formerly")).toEqual([]);
      expect(await search(own, path, "formerly")).toEqual([]);
    }
    await guildhall.db("organizations").where({ id: owned.id }).update({ owner_user_id: null });
    expect((await api.delete(`/api/users/${id}`)).status).toBe(204);
    expect(await guildhall.db("search_entries").where({ id })).toEqual([]);
  });

  test("in the same environment only", async () => {
    expect(await search(guildhall.api, "users", "smith_99")).toEqual([]);
  });
});

test.each([
  ["empty", "", "at least two letters or digits"],
  ["one letter", "j", "at least two letters or digits"],
  ["only punctuation", "%_*", "at least two letters or digits"],
  ["too long", "x".repeat(255), "at most 254 characters"],
])("a search that is %s is a 400 that says why", async (_, wanted, sentence) => {
  const answer = await guildhall.api.get(`/api/users?filter[search]=${encodeURIComponent(wanted)}`);
  expect(answer).toMatchObject(refusal(400, "invalid_parameter", { parameter: "filter[search]" }));
  expect(JSON.stringify(answer.body)).toContain(sentence);
});

test.each([
  ["one character that is a word", "李"],
  ["a full-width name", "ＡＢ"],
])("a search may be %s", async (_, wanted) => {
  const { user } = await buildPerson(guildhall, { last_name: `${wanted}${unique("x")}` });
  expect(await search(guildhall.api, "users", wanted)).toContain(user.id);
});

describe("a search finds only what its caller may see:", () => {
  const name = `${unique("Quillon")}q`;
  let owner: Person;
  let api: Api;
  let outsider: Person;
  let mine: { memberships: string; invitations: string; organizations: string };
  beforeAll(async () => {
    owner = await buildPerson(guildhall, { first_name: name });
    api = guildhall.api.as(owner.token);
    const organization = await buildOrganization(guildhall, owner, { name: `${name} & Co.` });
    const invited = await invite(guildhall, organization, `${name}@example.com`);
    outsider = await buildPerson(guildhall, { first_name: name });
    const other = await buildOrganization(guildhall, outsider, { name: `${name} Ltd.` });
    await invite(guildhall, other, `${name}@example.com`);
    const { body } = await api.get(`/api/memberships?filter[organization]=${organization.id}`);
    mine = {
      memberships: body.data[0].id,
      invitations: invited.body.data.id,
      organizations: organization.id,
    };
  });

  test.each(["memberships", "invitations", "organizations"] as const)("%s", async (path) => {
    expect(await search(api, path, name)).toEqual([mine[path]]);
    expect(await search(guildhall.api, path, name)).toHaveLength(2);
  });

  test("users find themselves and those who share an organization with them", async () => {
    expect(await search(api, "users", name)).toEqual([owner.user.id]);
    expect(await search(api, "users", outsider.user.email)).toEqual([]);
    expect(await search(guildhall.api, "users", name)).toEqual([owner.user.id, outsider.user.id]);
  });

  test("a member without `members:read` finds only their own membership", async () => {
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const member = await buildMember(guildhall, organization, "member");
    await guildhall
      .db("membership_roles")
      .whereIn("membership_id", guildhall.db("memberships").select("id").where({ user_id: member.user.id }))
      .delete();
    const found = await search(guildhall.api.as(member.token), "memberships", "example.com");
    expect(found).toHaveLength(1);
    expect(await search(guildhall.api.as(member.token), "users", "example.com")).toEqual([member.user.id]);
  });

  test("staff with `users:read` in the environment find everyone", async () => {
    const staff = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, staff.user, ["users:read", "members:read"]);
    expect(await search(guildhall.api.as(staff.token), "users", name)).toHaveLength(2);
    expect(await search(guildhall.api.as(staff.token), "memberships", name)).toHaveLength(2);
  });

  test("searching memberships by address needs a program's scope to read users", async () => {
    const client = await buildClient(guildhall, ["memberships:read"]);
    const program = bearing(guildhall, await accessToken(guildhall, client));
    const answer = await program.get(`/api/memberships?filter[search]=${outsider.user.email}`);
    expect(answer).toMatchObject(refusal(403, "scope_missing"));
  });
});

test("a search can be sorted, paged and combined with other filters", async () => {
  const name = unique("Paged");
  const owner = await buildPerson(guildhall, { first_name: name });
  const ids = [];
  for (let n = 0; n < 5; n += 1) {
    ids.push((await buildOrganization(guildhall, owner, { name: `${name} ${n % 2}` })).id);
  }
  for (const api of [guildhall.api, guildhall.api.as(owner.token)]) {
    expect(await search(api, "organizations", name, { sort: "-created_at" })).toEqual([...ids].reverse());
    const query = new URLSearchParams({ "filter[search]": name, sort: "-id", "page[size]": "2" });
    const seen = [];
    for (let next = `/api/organizations?${query}`; next !== null; ) {
      const { body } = await api.get(next);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      next = body.links.next;
    }
    expect(seen).toEqual([...ids].reverse());
  }
  const organization = { "filter[organization]": ids[0] ?? "" };
  expect(await search(guildhall.api, "memberships", name)).toHaveLength(5);
  expect(await search(guildhall.api, "memberships", name, organization)).toHaveLength(1);
});
