import { describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { buildMember, buildOrganization, buildPerson, type Person, unique } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";
import { buildRole, giveInEnvironment, membershipRole } from "./support/roles.ts";

const guildhall = useGuildhall();

async function buildTeam(members = 1) {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner);
  const team = [];
  for (let n = 0; n < members; n += 1) team.push(await buildMember(guildhall, organization, "member"));
  return { owner, organization, members: team, next: team[0] as (typeof team)[0] };
}

function transfer(by: Person | "operator", { id }: Organization, to: string) {
  const api = by === "operator" ? guildhall.api : guildhall.api.as(by.token);
  return api.post(`/api/organizations/${id}/transfer-ownership`, { meta: { user_id: to } });
}

/** The names of each member's roles, by user. */
async function rolesOf({ id }: Organization): Promise<Record<string, string[]>> {
  const rows = await guildhall
    .db("memberships as m")
    .leftJoin("membership_roles as mr", "mr.membership_id", "m.id")
    .leftJoin("roles as r", "r.id", "mr.role_id")
    .where({ "m.organization_id": id })
    .orderBy("r.name")
    .select("m.user_id", "r.name");
  const roles: Record<string, string[]> = {};
  for (const { user_id, name } of rows) roles[user_id] = [...(roles[user_id] ?? []), ...(name ? [name] : [])];
  return roles;
}

/** @returns the only owner, who is also the one in the organization's column. */
async function theOwner(organization: Organization): Promise<string> {
  const owners = Object.entries(await rolesOf(organization)).filter(([, roles]) => roles.includes("owner"));
  const { owner_user_id } = await guildhall.db("organizations").where({ id: organization.id }).first();
  expect(owners.map(([user]) => user)).toEqual([owner_user_id]);
  return owner_user_id;
}

describe("the owner", () => {
  test("makes another member the owner, and becomes admin at once", async () => {
    const { owner, organization, next } = await buildTeam();
    const answer = await transfer(owner, organization, next.user.id);
    expect(answer).toMatchObject({
      status: 200,
      body: { data: { id: organization.id, relationships: { owner: { data: { id: next.user.id } } } } },
    });
    expect(await rolesOf(organization)).toEqual({
      [owner.user.id]: ["admin"],
      [next.user.id]: ["member", "owner"],
    });
    const path = `/api/organizations/${organization.id}`;
    const preview = (person: Person) => guildhall.api.as(person.token).post(`${path}/deletion-preview`);
    expect((await preview(owner)).status).toBe(403);
    expect((await preview(next)).status).toBe(200);
    const { body } = await guildhall.api.get(
      `/api/events?filter[subject]=${organization.id}&sort=-id&page[size]=1`,
    );
    expect(body.data[0].attributes).toMatchObject({
      event_type: "organization.ownership_transferred",
      actor_kind: "user",
      data: { from: owner.user.id, to: next.user.id },
    });
  });

  test("can transfer to themselves without any change", async () => {
    const { owner, organization } = await buildTeam();
    const events = () => guildhall.db("events").where({ organization_id: organization.id });
    const before = await events();
    expect((await transfer(owner, organization, owner.user.id)).status).toBe(200);
    expect(await theOwner(organization)).toBe(owner.user.id);
    expect(await events()).toEqual(before);
  });

  test("can get the ownership back, and has no role twice", async () => {
    const { owner, organization, next } = await buildTeam();
    await transfer(owner, organization, next.user.id);
    await transfer(next, organization, owner.user.id);
    expect(await rolesOf(organization)).toEqual({
      [owner.user.id]: ["admin", "owner"],
      [next.user.id]: ["admin", "member"],
    });
  });

  test("can only transfer to a member: 404 that points at the user", async () => {
    const { owner, organization } = await buildTeam();
    const outsider = await buildPerson(guildhall);
    for (const id of [outsider.user.id, "user_01h2xcejqtf2nbrexx3vqjhp41", "nobody", ""]) {
      expect(await transfer(owner, organization, id)).toMatchObject({
        status: 404,
        body: { errors: [{ source: { pointer: "/meta/user_id" } }] },
      });
    }
    expect(await theOwner(organization)).toBe(owner.user.id);
  });
});

describe("the ownership is not transferred", () => {
  test.each(["admin", "billing", "member"] as const)("by a member who is %s", async (role) => {
    const { organization, owner } = await buildTeam();
    const member = await buildMember(guildhall, organization, role);
    expect(await transfer(member, organization, member.user.id)).toMatchObject(refusal(403, "forbidden"));
    expect(await theOwner(organization)).toBe(owner.user.id);
  });

  test("by a role that may delete the organization: 403", async () => {
    const { organization, owner, next } = await buildTeam();
    const role = await buildRole(guildhall, ["organization:delete"]);
    await guildhall.api.post("/api/membership-roles", membershipRole(next.membership.id, role));
    const staff = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, staff.user, ["organization:delete"]);
    for (const person of [next, staff])
      expect(await transfer(person, organization, next.user.id)).toMatchObject(refusal(403, "owner_only"));
    expect(await theOwner(organization)).toBe(owner.user.id);
  });

  test("by anyone else except the operator", async () => {
    const { organization, next } = await buildTeam();
    expect((await transfer("operator", organization, next.user.id)).status).toBe(200);
    const attributes = { name: unique("Orphan") };
    const orphan = (
      await guildhall.api.post("/api/organizations", { data: { type: "organization", attributes } })
    ).body.data;
    const row = await guildhall.db("organizations").where({ id: orphan.id }).first();
    const member = await buildMember(guildhall, row, "member");
    expect((await transfer("operator", row, member.user.id)).status).toBe(200);
    expect(await theOwner(row)).toBe(member.user.id);
  });
});

describe("simultaneous changes leave exactly one owner:", () => {
  test("twenty transfers by the owner to twenty members: one goes through", async () => {
    const { owner, organization, members } = await buildTeam(20);
    const answers = await Promise.all(members.map(({ user }) => transfer(owner, organization, user.id)));
    const won = answers.flatMap(({ status }, n) => (status === 200 ? [members[n]?.user.id] : []));
    expect(won).toEqual([await theOwner(organization)]);
    // The later ones are refused by the conflict, or because the caller isn't the owner any more.
    for (const { status } of answers) expect([200, 403, 409]).toContain(status);
    expect((await rolesOf(organization))[owner.user.id]).toEqual(["admin"]);
  });

  test("twenty transfers by the operator go through one after another", async () => {
    const { organization, members } = await buildTeam(5);
    const to = Array.from({ length: 20 }, (_, n) => members[n % 5]?.user.id ?? "");
    const answers = await Promise.all(to.map((id) => transfer("operator", organization, id)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(to).toContain(await theOwner(organization));
  });

  test("transfers and removals of the next owner leave one owner", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { owner, organization, next } = await buildTeam();
      const [moved, removed] = await Promise.all([
        transfer(owner, organization, next.user.id),
        guildhall.api.delete(`/api/memberships/${next.membership.id}`),
      ]);
      expect([
        [200, 409],
        [404, 204],
      ]).toContainEqual([moved.status, removed.status]);
      expect(await theOwner(organization)).toBe(moved.status === 200 ? next.user.id : owner.user.id);
    }
  });

  test("transfers and deletions of the next owner leave one owner", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { owner, organization, next } = await buildTeam();
      const [moved, deleted] = await Promise.all([
        transfer(owner, organization, next.user.id),
        guildhall.api.delete(`/api/users/${next.user.id}`),
      ]);
      expect([200, 404, 409]).toContain(moved.status);
      expect(deleted.status).toBe(moved.status === 200 ? 409 : 204);
      expect(await theOwner(organization)).toBe(moved.status === 200 ? next.user.id : owner.user.id);
    }
  });

  test("transfers and deletions of the former owner leave one owner", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { owner, organization, next } = await buildTeam();
      const [moved, deleted] = await Promise.all([
        transfer("operator", organization, next.user.id),
        guildhall.api.delete(`/api/users/${owner.user.id}`),
      ]);
      expect(moved.status).toBe(200);
      expect([204, 409]).toContain(deleted.status);
      expect(await theOwner(organization)).toBe(next.user.id);
    }
  });

  test("transfers and a deletion of the organization", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { owner, organization, next } = await buildTeam();
      const [moved, deleted] = await Promise.all([
        transfer(owner, organization, next.user.id),
        guildhall.api.delete(`/api/organizations/${organization.id}`),
      ]);
      expect([200, 404]).toContain(moved.status);
      expect(deleted.status).toBe(202);
      expect(await guildhall.db("organizations").where({ id: organization.id }).first()).toMatchObject({
        owner_user_id: null,
      });
    }
  });
});
