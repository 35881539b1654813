import { beforeEach, describe, expect, test } from "vitest";
import { detachOrganizations } from "../jobs/detach-organizations.ts";
import type { SystemRoleName } from "../src/access/permissions.ts";
import { buildPerson, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { bridgeRefusal, buildTeammates, NOT_ALLOWED, type Teammates } from "./support/teammates.ts";

/** The sentences of the Organizations Guide: its notes, restrictions and troubleshooting. */
const guildhall = useGuildhall();
let team: Teammates;

beforeEach(async () => {
  team = await buildTeammates(guildhall);
});

const roles = async () => {
  const { body } = await team.owner.api.get(`${team.path}/members`);
  return body.data.map(({ role }: { role: string }) => role);
};

describe("How It Works", () => {
  test("any authenticated user can create an organization and becomes the owner", async () => {
    const { api, user } = team.outsider;
    const { status, body } = await api.post("/bridge-payment/organizations", { name: "Acme" });
    expect(status).toBe(201);
    expect(body.data.owner_user_id).toBe(user.id);
    const { body: read } = await api.get(`/bridge-payment/organizations/${body.data.id}`);
    expect(read.data).toMatchObject({ your_role: "owner", your_roles: ["owner"] });
  });

  test("nobody without a session can create an organization", async () => {
    const anonymous = await guildhall.api.as(null).post("/bridge-payment/organizations", { name: "Acme" });
    expect(anonymous).toMatchObject(bridgeRefusal(401, "unauthorized", "Authentication required"));
  });

  test("nobody else is made an owner by adding or updating a member", async () => {
    const { owner, member, path } = team;
    const { user } = await buildPerson(guildhall);
    const refusals = [
      await owner.api.post(`${path}/members`, { email: user.email, role: "owner" }),
      await owner.api.put(`${path}/members/${member.memberId}`, { role: "owner" }),
    ];
    for (const answer of refusals) expect(answer).toMatchObject(bridgeRefusal(422, "invalid_field"));
    expect(await roles()).toEqual(["owner", "admin", "billing", "member"]);
  });
});

describe("Automatic Member Addition", () => {
  test("the user is added automatically and active immediately", async () => {
    const { owner, outsider, path } = team;
    expect((await outsider.api.get(path)).status).toBe(403);
    const added = await owner.api.post(`${path}/members`, { email: outsider.user.email, role: "billing" });
    expect(added.status).toBe(201);
    expect((await outsider.api.get(path)).body.data.your_role).toBe("billing");
  });

  test("no email invitation is sent", async () => {
    const { owner, outsider, path, organization } = team;
    await owner.api.post(`${path}/members`, { email: outsider.user.email, role: "member" });
    expect(await guildhall.db("invitations").where({ organization_id: organization.id })).toEqual([]);
    expect(await guildhall.db("mail_deliveries")).toEqual([]);
  });
});

describe("Owner-Only Permission", () => {
  test.each(["admin", "billing", "member"] as const)(
    "only the owner can invite new members: %s can't",
    async (role) => {
      const { outsider, path } = team;
      const invited = await team[role].api.post(`${path}/members`, {
        email: outsider.user.email,
        role: "member",
      });
      expect(invited).toMatchObject({ status: 403, body: { error: NOT_ALLOWED } });
      expect(await roles()).toHaveLength(4);
    },
  );
});

describe("Role Update Restrictions", () => {
  const update = (by: SystemRoleName, memberId: string) =>
    team[by].api.put(`${team.path}/members/${memberId}`, { role: "billing" });

  test("cannot change the owner's role", async () => {
    team = await buildTeammates(guildhall, { member_management: "owner_and_admins" });
    for (const by of ["owner", "admin"] as const) {
      const answer = await update(by, team.owner.memberId);
      expect(answer).toMatchObject(bridgeRefusal(400, "owner_role_fixed", "Cannot change the owner's role"));
    }
    expect(await roles()).toEqual(["owner", "admin", "billing", "member"]);
  });

  test("cannot change your own role", async () => {
    team = await buildTeammates(guildhall, { member_management: "owner_and_admins" });
    const answer = await update("admin", team.admin.memberId);
    expect(answer).toMatchObject(bridgeRefusal(400, "own_role_fixed", "Cannot change your own role"));
    expect(await roles()).toEqual(["owner", "admin", "billing", "member"]);
  });

  test("only owner can update member roles", async () => {
    for (const by of ["admin", "billing", "member"] as const)
      expect(await update(by, team.member.memberId)).toMatchObject({
        status: 403,
        body: { error: NOT_ALLOWED },
      });
    expect((await update("owner", team.member.memberId)).status).toBe(200);
  });
});

describe("Removal Restrictions", () => {
  const remove = (by: SystemRoleName, memberId: string) =>
    team[by].api.delete(`${team.path}/members/${memberId}`);

  test("cannot remove the owner", async () => {
    team = await buildTeammates(guildhall, { member_management: "owner_and_admins" });
    for (const by of ["owner", "admin"] as const) {
      const answer = await remove(by, team.owner.memberId);
      expect(answer).toMatchObject(bridgeRefusal(400, "owner_stays", "Cannot remove organization owner"));
    }
    expect(await roles()).toHaveLength(4);
  });

  test("cannot remove yourself: the leave endpoint is there instead", async () => {
    team = await buildTeammates(guildhall, { member_management: "owner_and_admins" });
    const answer = await remove("admin", team.admin.memberId);
    expect(answer).toMatchObject(bridgeRefusal(400, "own_membership"));
    expect(answer.body.error).toContain("leave endpoint");
    expect(await roles()).toHaveLength(4);
  });

  test("only owner can remove members", async () => {
    for (const by of ["admin", "billing", "member"] as const)
      expect(await remove(by, team.member.memberId)).toMatchObject({
        status: 403,
        body: { error: NOT_ALLOWED },
      });
    expect((await remove("owner", team.member.memberId)).status).toBe(200);
  });
});

describe("Owner Cannot Leave", () => {
  test("the owner is told what to do instead", async () => {
    const answer = await team.owner.api.post(`${team.path}/leave`);
    expect(answer).toMatchObject(bridgeRefusal(400, "owner_cannot_leave"));
    expect(answer.body.error).toMatch(/cannot leave.*Transfer ownership or delete/);
    expect(await roles()).toHaveLength(4);
  });

  test("the owner can leave after transferring the ownership", async () => {
    const { owner, admin, path } = team;
    await owner.api.post(`${path}/transfer-ownership`, { user_id: admin.user.id });
    expect(await owner.api.post(`${path}/leave`)).toMatchObject({ status: 200 });
    expect((await owner.api.get(path)).status).toBe(403);
  });
});

describe("Delete Organization", () => {
  test("only the owner can delete an organization", async () => {
    for (const by of ["admin", "billing", "member"] as const)
      expect(await team[by].api.delete(team.path)).toMatchObject(
        bridgeRefusal(403, "forbidden", NOT_ALLOWED),
      );
    expect((await team.owner.api.get(team.path)).status).toBe(200);
  });

  test("a deletion removes all members and returns resources to creators", async () => {
    const { owner, billing, path, organization } = team;
    const organization_id = organization.id;
    const address = { organization_id, country: "DE", line1: "Weg 1", city: "Köln" };
    const { body } = await billing.api.post("/bridge-payment/addresses", address);
    expect((await owner.api.delete(path)).status).toBe(200);
    await detachOrganizations.run(guildhall.jobContext, {});
    expect(await guildhall.db("memberships").where({ organization_id })).toEqual([]);
    expect(await guildhall.db("addresses").where({ id: body.data.id }).first()).toMatchObject({
      user_id: billing.user.id,
      organization_id: null,
    });
  });

  test("a deletion cannot be undone: nothing is left to read, update or join", async () => {
    const { owner, path, outsider } = team;
    await owner.api.delete(path);
    await detachOrganizations.run(guildhall.jobContext, {});
    const answers = [
      await owner.api.get(path),
      await owner.api.put(path, { name: "Back" }),
      await owner.api.post(`${path}/members`, { email: outsider.user.email }),
    ];
    for (const answer of answers) expect(answer).toMatchObject(bridgeRefusal(403, "forbidden", NOT_ALLOWED));
  });
});

describe("Troubleshooting", () => {
  test("“You don't have permission to perform this action”", async () => {
    const answer = await team.member.api.put(team.path, { name: "Mine" });
    expect(answer).toMatchObject(
      bridgeRefusal(403, "forbidden", "You don't have permission to perform this action"),
    );
  });

  test("“User not found with email”", async () => {
    const answer = await team.owner.api.post(`${team.path}/members`, { email: uniqueEmail() });
    expect(answer).toMatchObject(bridgeRefusal(404, "user_not_found", "User not found with email"));
  });

  test("“User is already a member of this organization”", async () => {
    const { owner, admin, path } = team;
    const answer = await owner.api.post(`${path}/members`, { email: admin.user.email, role: "billing" });
    const sentence = "User is already a member of this organization";
    expect(answer).toMatchObject(bridgeRefusal(409, "already_member", sentence));
    expect(await roles()).toEqual(["owner", "admin", "billing", "member"]);
  });

  test("“Cannot remove organization owner”", async () => {
    const { owner, path } = team;
    const answer = await owner.api.delete(`${path}/members/${owner.memberId}`);
    expect(answer).toMatchObject(bridgeRefusal(400, "owner_stays", "Cannot remove organization owner"));
  });
});
