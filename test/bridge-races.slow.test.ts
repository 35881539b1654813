import { describe, expect, test } from "vitest";
import type { Api, ApiAnswer } from "./support/api.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildTeammates, type Teammate, type Teammates } from "./support/teammates.ts";

const ROUNDS = 15;

/** Everything over HTTP and at once. Nobody may get a 5xx, and every answer must be true afterwards. */
const guildhall = useGuildhall();

/** Repeats it, each time in an organization of its own. */
async function rounds(play: (team: Teammates) => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1)
    await play(await buildTeammates(guildhall, { member_management: "owner_and_admins" }));
}

/** Waits up to so many milliseconds, so that every order occurs. */
async function soon(work: () => Promise<ApiAnswer>, milliseconds = 8): Promise<ApiAnswer> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * milliseconds));
  return work();
}

const transfer = ({ api }: Teammate, { path }: Teammates, to: Teammate) =>
  api.post(`${path}/transfer-ownership`, { user_id: to.user.id });
const remove = (api: Api, { path }: Teammates, { memberId }: Teammate) =>
  api.delete(`${path}/members/${memberId}`);
const change = (api: Api, { path }: Teammates, { memberId }: Teammate, role: string) =>
  api.put(`${path}/members/${memberId}`, { role });

async function countOf(table: string, where: object): Promise<number> {
  const row = await guildhall.db(table).where(where).count("* as n").first();
  return Number(row?.n);
}

/** The names of each member's roles, by user. */
async function rolesIn({ organization }: Teammates): Promise<Record<string, string[]>> {
  const { db } = guildhall;
  const rows = await db("memberships as m")
    .where({ organization_id: organization.id })
    .select("m.user_id", db.raw("role_names(m.id) as names"));
  return Object.fromEntries(rows.map(({ user_id, names }) => [user_id, names]));
}

/** @returns the only owner, who is also the one in the organization's column. */
async function theOwner(team: Teammates): Promise<string> {
  const holders = Object.entries(await rolesIn(team)).filter(([, names]) => names.includes("owner"));
  const { owner_user_id } = await guildhall.db("organizations").where({ id: team.organization.id }).first();
  expect(holders.map(([user]) => user)).toEqual([owner_user_id]);
  return owner_user_id;
}

describe("transferring the ownership", { timeout: 120_000 }, () => {
  test("transfers to three members at once leave one owner", () =>
    rounds(async (team) => {
      const candidates = [team.admin, team.billing, team.member];
      const answers = await Promise.all(candidates.map((to) => soon(() => transfer(team.owner, team, to))));
      const won = answers.flatMap(({ status, body }, n) =>
        status === 200 ? [[candidates[n]?.user.id, body.data.owner_user_id]] : [],
      );
      const owner = await theOwner(team);
      expect(won).toEqual([[owner, owner]]);
      for (const { status } of answers) expect([200, 403, 409]).toContain(status);
      expect((await rolesIn(team))[team.owner.user.id]).toEqual(["admin"]);
    }));

  test("transfers back and forth leave one owner, and only owners transfer", () =>
    rounds(async (team) => {
      const people = [team.owner, team.admin, team.billing];
      const answers = await Promise.all(
        people.flatMap((from) =>
          people.map(async (to) => ({ from, to, answer: await soon(() => transfer(from, team, to), 30) })),
        ),
      );
      for (const { to, answer } of answers) {
        expect([200, 403, 409]).toContain(answer.status);
        if (answer.status === 200) expect(answer.body.data.owner_user_id).toBe(to.user.id);
      }
      await theOwner(team);
      const events = guildhall.db("events").where({
        organization_id: team.organization.id,
        type: "organization.ownership_transferred",
      });
      const moves = answers.filter(({ from, to, answer }) => answer.status === 200 && from !== to);
      expect(await events).toHaveLength(moves.length);
    }));

  test("a transfer while the next owner leaves keeps them or fails", () =>
    rounds(async (team) => {
      const { owner, member } = team;
      const [moved, left] = await Promise.all([
        soon(() => transfer(owner, team, member)),
        soon(() => member.api.post(`${team.path}/leave`)),
      ]);
      const outcomes = [
        [200, 400],
        [404, 200],
      ];
      expect(outcomes).toContainEqual([moved.status, left.status]);
      expect(await theOwner(team)).toBe((moved.status === 200 ? member : owner).user.id);
    }));

  test("a transfer while the next owner is removed keeps them or fails", () =>
    rounds(async (team) => {
      const { owner, admin, member } = team;
      const [moved, removed] = await Promise.all([
        soon(() => transfer(owner, team, member)),
        soon(() => remove(admin.api, team, member)),
      ]);
      const outcomes = [
        [200, 400],
        [404, 200],
      ];
      expect(outcomes).toContainEqual([moved.status, removed.status]);
      expect(await theOwner(team)).toBe((moved.status === 200 ? member : owner).user.id);
    }));

  test("a transfer and a deletion at once do one or the other", () =>
    rounds(async (team) => {
      const { owner, member, organization } = team;
      const [moved, deleted] = await Promise.all([
        soon(() => transfer(owner, team, member)),
        soon(() => owner.api.delete(team.path)),
      ]);
      expect([moved.status, deleted.status].filter((status) => status === 200)).toHaveLength(1);
      if (moved.status === 200) {
        expect(deleted.status).toBe(403);
        expect(await theOwner(team)).toBe(member.user.id);
      } else {
        expect([403, 404]).toContain(moved.status);
        expect(await countOf("organization_deletions", { organization_id: organization.id })).toBe(1);
      }
    }));
});

describe("members", { timeout: 120_000 }, () => {
  test("a member added many times at once is added once, with 409 for the rest", () =>
    rounds(async (team) => {
      const { email, id: user_id } = (await buildPerson(guildhall)).user;
      const spellings = [email, email.toUpperCase()];
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 4 === 0 ? team.admin : team.owner).api.post(`${team.path}/members`, {
            email: spellings[n % 2],
            role: n % 3 === 0 ? "billing" : "member",
          }),
        ),
      );
      const added = answers.filter(({ status }) => status === 201);
      expect(added).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
      expect((await rolesIn(team))[user_id]).toEqual([added[0]?.body.data.role]);
      expect(await countOf("memberships", { organization_id: team.organization.id })).toBe(5);
    }));

  test("many role changes at once leave the last role", () =>
    rounds(async (team) => {
      const given = ["admin", "billing", "member", "billing", "admin", "member"];
      const answers = await Promise.all(
        given.map((role) => soon(() => change(team.owner.api, team, team.member, role))),
      );
      expect(answers.map(({ status }) => status)).toEqual(given.map(() => 200));
      const events = guildhall.db("events").where({ subject_id: team.member.memberId }).orderBy("id", "desc");
      const { data } = await events.first();
      expect((await rolesIn(team))[team.member.user.id]).toEqual([data.role]);
    }));

  test("a member removed during a role change loses every role", () =>
    rounds(async (team) => {
      const { owner, admin, member } = team;
      const [changed, removed] = await Promise.all([
        soon(() => change(owner.api, team, member, "billing")),
        soon(() => remove(admin.api, team, member)),
      ]);
      expect([200, 404]).toContain(changed.status);
      expect(removed.status).toBe(200);
      expect(await countOf("memberships", { id: member.memberId })).toBe(0);
      expect(await countOf("membership_roles", { membership_id: member.memberId })).toBe(0);
    }));

  test("a member leaves once and is removed once", () =>
    rounds(async (team) => {
      const { owner, member, organization } = team;
      const answers = await Promise.all([
        soon(() => member.api.post(`${team.path}/leave`)),
        soon(() => member.api.post(`${team.path}/leave`)),
        soon(() => remove(owner.api, team, member)),
        soon(() => remove(owner.api, team, member)),
      ]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      for (const { status } of answers) expect([200, 403, 404]).toContain(status);
      const removals = { type: "membership.removed", organization_id: organization.id };
      expect(await countOf("events", removals)).toBe(1);
    }));

  test("an admin adds members only until they lose the role", () =>
    rounds(async (team) => {
      const { owner, admin, organization } = team;
      const people = await Promise.all(Array.from({ length: 6 }, () => buildPerson(guildhall)));
      const [demoted, ...answers] = await Promise.all([
        soon(() => change(owner.api, team, admin, "member"), 20),
        ...people.map(({ user }) =>
          soon(() => admin.api.post(`${team.path}/members`, { email: user.email }), 40),
        ),
      ]);
      expect(demoted?.status).toBe(200);
      for (const { status } of answers) expect([201, 403]).toContain(status);
      const added = answers.filter(({ status }) => status === 201);
      expect(await countOf("memberships", { organization_id: organization.id })).toBe(4 + added.length);
      const events = guildhall.db("events").where({ organization_id: organization.id }).orderBy("id");
      const types = await events.where("actor_kind", "user").pluck("type");
      expect(types).toEqual([...added.map(() => "membership.created"), "membership.updated"]);
    }));
});

test("many deletions and reads at once make one deletion and no error", {
  timeout: 120_000,
}, async () => {
  guildhall.startWorker();
  await rounds(async (team) => {
    const { owner, member, organization, path } = team;
    const reads = [path, `${path}/members`, "/bridge-payment/organizations", `${path}/deletion`];
    const [answers, read] = await Promise.all([
      Promise.all(Array.from({ length: 4 }, () => soon(() => owner.api.delete(path), 20))),
      Promise.all(
        reads.flatMap((to) => Array.from({ length: 6 }, () => soon(() => member.api.get(to), 100))),
      ),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
    for (const { status } of read) expect([200, 403]).toContain(status);
    const begun = { type: "organization.deletion_started", organization_id: organization.id };
    expect(await countOf("events", begun)).toBe(1);
  });
});
