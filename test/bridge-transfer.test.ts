import { beforeEach, describe, expect, test } from "vitest";
import { buildPerson, invitationTo, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildRole, giveInEnvironment, membershipRole } from "./support/roles.ts";
import {
  bridgeRefusal,
  buildTeammates,
  NOT_ALLOWED,
  type Teammate,
  type Teammates,
} from "./support/teammates.ts";

const guildhall = useGuildhall();
let team: Teammates;

beforeEach(async () => {
  team = await buildTeammates(guildhall);
});

const transfer = (by: Teammate, user_id: unknown) =>
  by.api.post(`${team.path}/transfer-ownership`, { user_id });

/** The roles of each member, by user. */
async function rolesOf(): Promise<Record<string, string[]>> {
  const { body } = await team.billing.api.get(`${team.path}/members`);
  return Object.fromEntries(
    body.data.map((member: { user_id: string; roles: string[] }) => [member.user_id, member.roles]),
  );
}

/** @returns the owner in the organization's column, who is the only member with the role. */
async function theOwner(): Promise<string> {
  const { owner_user_id } = await guildhall.db("organizations").where({ id: team.organization.id }).first();
  const owners = Object.entries(await rolesOf()).filter(([, roles]) => roles.includes("owner"));
  expect(owners.map(([user]) => user)).toEqual([owner_user_id]);
  return owner_user_id;
}

describe("transferring the ownership", () => {
  test("a transfer returns the organization with its new owner", async () => {
    const { owner, member, organization } = team;
    const answer = await transfer(owner, member.user.id);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        success: true,
        data: { id: organization.id, name: "Acme Corp", owner_user_id: member.user.id },
        message: "Ownership transferred successfully",
      },
    });
    expect(await theOwner()).toBe(member.user.id);
  });

  test("a transfer makes the old owner admin and keeps the new owner's roles", async () => {
    const { owner, billing } = team;
    await transfer(owner, billing.user.id);
    expect(await rolesOf()).toMatchObject({
      [owner.user.id]: ["admin"],
      [billing.user.id]: ["billing", "owner"],
    });
    expect((await owner.api.get(team.path)).body.data.your_role).toBe("admin");
    expect((await billing.api.get(team.path)).body.data.your_role).toBe("owner");
  });

  test("the new owner has the owner's rights from the next request", async () => {
    const { owner, member } = team;
    await transfer(owner, member.user.id);
    for (const path of [`${team.path}/deletion-preview`, `${team.path}/transfer-ownership`])
      expect(await owner.api.post(path, { user_id: owner.user.id })).toMatchObject(
        bridgeRefusal(403, "forbidden"),
      );
    expect((await member.api.post(`${team.path}/deletion-preview`)).status).toBe(200);
    expect((await member.api.delete(`${team.path}/members/${owner.memberId}`)).status).toBe(200);
  });

  test("a transfer revokes invitations the old owner could no longer send", async () => {
    const document = invitationTo(team.organization.id, uniqueEmail());
    const { body } = await team.owner.api.post("/api/invitations", document);
    await transfer(team.owner, team.admin.user.id);
    const { body: read } = await guildhall.api.get(body.data.links.self);
    expect(read.data.attributes.status).toBe("revoked");
  });

  test("a transfer to yourself changes nothing", async () => {
    const before = await rolesOf();
    const answer = await transfer(team.owner, team.owner.user.id);
    expect(answer).toMatchObject({ status: 200, body: { data: { owner_user_id: team.owner.user.id } } });
    expect(await rolesOf()).toEqual(before);
  });

  test("a transfer to a non-member is 404", async () => {
    const elsewhere = await buildPerson(guildhall, { environment: "globex" });
    const nobodies = [team.outsider.user.id, elsewhere.user.id, "user_01h2xcejqtf2nbrexx3vqjhp41", "x", ""];
    for (const id of nobodies) {
      const { status, body } = await transfer(team.owner, id);
      const { request_id, ...said } = body;
      const error = expect.stringContaining("No such member of this organization");
      expect([status, said]).toEqual([404, { success: false, code: "not_found", error }]);
    }
    expect(await theOwner()).toBe(team.owner.user.id);
  });

  test.each([
    [{}],
    [{ user_id: null }],
    [{ user_id: 5 }],
    [{ user_id: "x", role: "admin" }],
    [{ meta: { user_id: "x" } }],
  ])("a transfer by %j is refused", async (document) => {
    const answer = await team.owner.api.post(`${team.path}/transfer-ownership`, document);
    expect(answer.status).toBe(422);
    expect(answer.body.fields.length).toBeGreaterThan(0);
  });
});

test("organization:delete alone doesn't allow a transfer", async () => {
  const { member, outsider } = team;
  const role = await buildRole(guildhall, ["organization:delete"]);
  await guildhall.api.post("/api/membership-roles", membershipRole(member.memberId, role));
  await giveInEnvironment(guildhall, outsider.user, ["organization:delete"]);
  for (const by of [member, outsider])
    expect(await transfer(by, member.user.id)).toMatchObject(bridgeRefusal(403, "owner_only", NOT_ALLOWED));
  expect(await theOwner()).toBe(team.owner.user.id);
});

test("forty transfers leave response, column and roles in agreement", async () => {
  const people = [team.owner, team.admin, team.billing, team.member];
  let [at, former] = [0, 0];
  for (let round = 0; round < 40; round += 1) {
    const holder = people[at] as Teammate;
    const to = (at + 1 + (round % 3)) % 4;
    const next = people[to] as Teammate;
    await holder.api.put(team.path, { name: `Acme ${round}` });
    await next.api.get(`${team.path}/members`);
    if (former !== at && former !== to)
      await holder.api.put(`${team.path}/members/${people[former]?.memberId}`, { role: "billing" });
    const { status, body } = await transfer(holder, next.user.id);
    expect([status, body.data.owner_user_id, body.data.name]).toEqual([200, next.user.id, `Acme ${round}`]);
    expect(await theOwner()).toBe(next.user.id);
    [former, at] = [at, to];
  }
});
