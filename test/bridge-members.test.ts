import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../src/http/rate-limiter.ts";
import type { ApiAnswer } from "./support/api.ts";
import { buildMember, buildPerson, invitationTo, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";
import { buildRole, membershipRole } from "./support/roles.ts";
import {
  bridgeRefusal,
  buildTeammates,
  type Teammate,
  type Teammates,
  teammate,
} from "./support/teammates.ts";

const guildhall = useGuildhall();
let team: Teammates;

beforeEach(async () => {
  team = await buildTeammates(guildhall, { member_management: "owner_and_admins" });
});

const add = (document: object, by: Teammate = team.owner) => by.api.post(`${team.path}/members`, document);
const change = (memberId: string, role: string, by: Teammate = team.owner) =>
  by.api.put(`${team.path}/members/${memberId}`, { role });
const remove = (memberId: string, by: Teammate = team.owner) =>
  by.api.delete(`${team.path}/members/${memberId}`);
const list = (query = "") => team.member.api.get(`${team.path}/members${query}`);
const roles = ({ body }: ApiAnswer) => body.data.map(({ role }: { role: string }) => role);

/** Invites as this person. @returns the invitation's path. */
async function invites({ api }: Teammate, email = uniqueEmail()): Promise<string> {
  const { body } = await api.post("/api/invitations", invitationTo(team.organization.id, email));
  return body.data.links.self;
}

async function statusOf(invitation: string): Promise<string> {
  return (await guildhall.api.get(invitation)).body.data.attributes.status;
}

describe("the list of members", () => {
  test.each([
    ["", ["owner", "admin", "billing", "member"], { total: 4, page: 1, pageSize: 20, totalPages: 1 }],
    ["?limit=3", ["owner", "admin", "billing"], { total: 4, page: 1, pageSize: 3, totalPages: 2 }],
    ["?limit=3&page=2", ["member"], { total: 4, page: 2, pageSize: 3, totalPages: 2 }],
    ["?limit=3&page=9", [], { total: 4, page: 9, pageSize: 3, totalPages: 2 }],
    ["?role=billing", ["billing"], { total: 1, page: 1, pageSize: 20, totalPages: 1 }],
    ["?role=owner&limit=1", ["owner"], { total: 1, page: 1, pageSize: 1, totalPages: 1 }],
    ["?role=owner&limit=1&page=2", [], { total: 1, page: 2, pageSize: 1, totalPages: 1 }],
  ])("is paged and filtered by “%s”, oldest first", async (query, expected, pagination) => {
    const answer = await list(query);
    expect(roles(answer)).toEqual(expected);
    expect(answer.body.meta).toEqual({ pagination });
  });

  test.each(["limit=0", "limit=101", "page=0", "role=boss", "role=", "sort=id"])(
    "refuses %s by the parameter's name",
    async (parameter) => {
      const refused = { status: 400, body: { fields: [{ field: parameter.split("=")[0] }] } };
      expect(await list(`?${parameter}`)).toMatchObject(refused);
    },
  );

  test("the list of members shows their names", async () => {
    const named = async (names: object) => {
      const { user } = await buildPerson(guildhall, { ...names, picture: "https://acme.example/me.png" });
      return (await add({ email: user.email })).body.data;
    };
    const user_picture = "https://acme.example/me.png";
    expect(await named({ first_name: "Jane", last_name: "Smith" })).toMatchObject({
      user_name: "Jane Smith",
    });
    expect(await named({ first_name: "Jane" })).toMatchObject({ user_name: "Jane", user_last_name: null });
    expect(await named({ last_name: "Smith" })).toMatchObject({ user_name: "Smith", user_picture });
    expect(await named({})).toMatchObject({ user_name: null, user_first_name: null, user_last_name: null });
  });

  test("a member with several roles is listed and filtered by the strongest", async () => {
    const { environment_id, id } = team.organization;
    const billing = await guildhall.db("roles").where({ environment_id, name: "billing" }).first("id");
    const own = await buildRole(guildhall, [], id);
    for (const role of [billing.id, own])
      await guildhall.api.post("/api/membership-roles", membershipRole(team.admin.memberId, role));
    const { name } = await guildhall.db("roles").where({ id: own }).first("name");
    const { body } = await list("?role=admin");
    expect(body.data).toMatchObject([{ role: "admin", roles: ["admin", "billing", name] }]);
    expect(roles(await list("?role=billing"))).toEqual(["billing"]);
  });

  test("a member with none of the four roles shows null, and no filter finds them", async () => {
    const own = await buildRole(guildhall, ["members:read"], team.organization.id);
    const membership_id = team.member.memberId;
    await guildhall.db("membership_roles").where({ membership_id }).update({ role_id: own });
    expect(roles(await list())).toEqual(["owner", "admin", "billing", null]);
    expect(roles(await list("?role=member"))).toEqual([]);
  });
});

describe("adding in invite mode", () => {
  const adding = (member_adding: "invite" | null) =>
    guildhall.api.patch(`/api/environments/${team.organization.environment_id}`, {
      data: {
        type: "environment",
        id: team.organization.environment_id,
        attributes: { settings: { member_adding } },
      },
    });
  beforeEach(() => adding("invite"));
  afterEach(() => adding(null));

  test("adding in invite mode answers the same whether or not there is a user", async () => {
    const { user } = await buildPerson(guildhall);
    const nobody = uniqueEmail();
    const answers = [await add({ email: user.email, role: "billing" }), await add({ email: nobody })];
    for (const { status, body } of answers)
      expect([status, body]).toEqual([202, { success: true, message: "Invitation sent successfully" }]);
    expect(roles(await list())).toEqual(["owner", "admin", "billing", "member"]);
    const invited = await guildhall
      .db("invitations as i")
      .join("invitation_roles as ir", "ir.invitation_id", "i.id")
      .join("roles as r", "r.id", "ir.role_id")
      .where({ "i.organization_id": team.organization.id, "i.inviter_user_id": team.owner.user.id })
      .orderBy("i.id")
      .select("i.email", "r.name");
    expect(invited).toEqual([
      { email: user.email, name: "billing" },
      { email: nobody, name: "member" },
    ]);
  });

  test("adding an invited address fails the same way with or without a user", async () => {
    for (const email of [(await buildPerson(guildhall)).user.email, uniqueEmail()]) {
      await add({ email });
      expect(await add({ email })).toMatchObject(bridgeRefusal(409, "invitation_pending"));
    }
    expect(await add({ email: team.admin.user.email })).toMatchObject(bridgeRefusal(409, "already_member"));
  });

  test("in invite mode only programs create memberships", async () => {
    const member = async () => ({
      data: {
        type: "membership",
        relationships: {
          user: { data: { type: "user", id: (await buildPerson(guildhall)).user.id } },
          organization: { data: { type: "organization", id: team.organization.id } },
        },
      },
    });
    expect(await team.owner.api.post("/api/memberships", await member())).toMatchObject(
      refusal(403, "invite_instead"),
    );
    expect((await guildhall.api.post("/api/memberships", await member())).status).toBe(201);
  });
});

describe("adding by a user who tries many addresses", () => {
  test("adding is refused after 100 addresses a day, before the look-up", async () => {
    const { user } = await buildPerson(guildhall);
    for (let n = 0; n < LIMITS.add_member.requests - 1; n += 1)
      guildhall.context.limiter.count("add_member", team.owner.user.id);
    expect(await add({ email: uniqueEmail() })).toMatchObject(bridgeRefusal(404, "user_not_found"));
    const answers = [await add({ email: uniqueEmail() }), await add({ email: user.email })];
    for (const answer of answers) expect(answer).toMatchObject(bridgeRefusal(429, "too_many_requests"));
    expect((await add({ email: user.email }, team.admin)).status).toBe(201);
  });

  test("adding counts as inviting for limits and pauses", async () => {
    for (let n = 0; n < LIMITS.invite.requests; n += 1)
      guildhall.context.limiter.count("invite", team.owner.user.id);
    const { user } = await buildPerson(guildhall);
    expect(await add({ email: user.email })).toMatchObject(bridgeRefusal(429, "too_many_requests"));
    const inviting_paused_until = new Date(Date.now() + 3_600_000);
    await guildhall.db("users").where({ id: team.admin.user.id }).update({ inviting_paused_until });
    expect(await add({ email: user.email }, team.admin)).toMatchObject(bridgeRefusal(429, "inviting_paused"));
  });
});

describe("adding", () => {
  test("adding finds the user in any spelling and defaults to the role member", async () => {
    const { user } = await buildPerson(guildhall, { email: `Jane.${uniqueEmail()}` });
    const { status, body } = await add({ email: user.email.toUpperCase() });
    expect([status, body.data]).toMatchObject([
      201,
      { user_id: user.id, user_email: user.email, role: "member" },
    ]);
  });

  test("adding yourself or an existing member is 409", async () => {
    for (const { user } of [team.owner, team.admin, team.member])
      expect(await add({ email: user.email.toUpperCase() })).toMatchObject(
        bridgeRefusal(409, "already_member"),
      );
    expect(roles(await list())).toEqual(["owner", "admin", "billing", "member"]);
  });

  test("adding finds nobody in another environment", async () => {
    const { user } = await buildPerson(guildhall, { environment: "globex" });
    expect(await add({ email: user.email })).toMatchObject(bridgeRefusal(404, "user_not_found"));
  });

  test.each([
    [{}, "email"],
    [{ email: "nobody" }, "email"],
    [{ email: "jane@example.com, john@example.com" }, "email"],
    [{ email: "jane@example.com", role: "boss" }, "role"],
    [{ email: "jane@example.com", role: null }, "role"],
    [{ email: "jane@example.com", role_ids: [] }, "role_ids"],
    [{ email: "jane@example.com", user_id: "user_1" }, "user_id"],
  ])("adding by %j is refused with the field's name", async (document, field) => {
    expect(await add(document)).toMatchObject({ status: 422, body: { fields: [{ field }] } });
  });

  test("an admin who may add gives any role except owner", async () => {
    for (const role of ["admin", "billing", "member"]) {
      const { user } = await buildPerson(guildhall);
      expect(await add({ email: user.email, role }, team.admin)).toMatchObject({
        status: 201,
        body: { data: { role } },
      });
    }
  });

  test("adding gives no role beyond the caller's own: 403", async () => {
    const own = await buildRole(guildhall, ["members:manage"], team.organization.id);
    await guildhall.api.post("/api/membership-roles", membershipRole(team.member.memberId, own));
    const answer = await add({ email: team.outsider.user.email, role: "billing" }, team.member);
    expect(answer).toMatchObject(bridgeRefusal(403, "role_exceeds_own"));
    expect(answer.body.hint).toMatch(/permissions they don't have/);
  });
});

describe("a change of role", () => {
  test("changing a role keeps custom roles and counts from the next request", async () => {
    const { environment_id, id } = team.organization;
    const admin = await guildhall.db("roles").where({ environment_id, name: "admin" }).first("id");
    const own = await buildRole(guildhall, [], id);
    for (const role of [admin.id, own])
      await guildhall.api.post("/api/membership-roles", membershipRole(team.member.memberId, role));
    const { name } = await guildhall.db("roles").where({ id: own }).first("name");
    expect((await team.member.api.put(team.path, { name: "Acme" })).status).toBe(200);
    const { body } = await change(team.member.memberId, "billing");
    expect(body.data).toMatchObject({ id: team.member.memberId, role: "billing", roles: ["billing", name] });
    expect((await team.member.api.put(team.path, { name: "Acme" })).status).toBe(403);
  });

  test("changing to the current role changes nothing", async () => {
    const { status, body } = await change(team.billing.memberId, "billing");
    expect([status, body.data.roles]).toEqual([200, ["billing"]]);
  });

  test("changing a role revokes invitations the member could no longer send", async () => {
    const [sent, other] = [await invites(team.admin), await invites(team.owner)];
    await change(team.admin.memberId, "billing");
    expect([await statusOf(sent), await statusOf(other)]).toEqual(["revoked", "pending"]);
  });
});

describe("a membership outside the organization", () => {
  test("a foreign and an unknown membership get the same 404", async () => {
    const other = await buildTeammates(guildhall);
    const foreign = teammate(guildhall, await buildMember(guildhall, other.organization, "member"));
    for (const id of [foreign.memberId, "orguser_01h2xcejqtf2nbrexx3vqjhp41", team.member.user.id, "x"]) {
      const answers = [await change(id, "admin"), await remove(id)];
      for (const { status, body } of answers) {
        const { request_id, ...said } = body;
        const error = expect.stringContaining("No such member");
        expect([status, said]).toEqual([404, { success: false, code: "not_found", error }]);
      }
    }
    expect((await foreign.api.get(other.path)).body.data.your_role).toBe("member");
  });
});

describe.each([
  ["removal", () => remove(team.admin.memberId)],
  ["leaving", () => team.admin.api.post(`${team.path}/leave`, {})],
])("a former member, gone by %s", (_, go) => {
  test("a former member sees nothing and can't leave again", async () => {
    expect((await go()).status).toBe(200);
    expect(await team.admin.api.get(team.path)).toMatchObject(bridgeRefusal(403, "forbidden"));
    expect((await team.admin.api.get("/bridge-payment/organizations")).body.data).toEqual([]);
    expect([403, 404]).toContain((await go()).status);
  });

  test("leaving revokes the invitations sent by or to the member", async () => {
    const sent = await invites(team.admin);
    const { email } = team.admin.user;
    const received = await invites(team.owner);
    const id = received.split("/").at(-1);
    await guildhall.db("invitations").where({ id }).update({ email, email_canonical: email });
    const other = await invites(team.owner);
    await go();
    expect([await statusOf(sent), await statusOf(received)]).toEqual(["revoked", "revoked"]);
    expect(await statusOf(other)).toBe("pending");
  });

  test("a former member's resources stay with the organization", async () => {
    const { id: organization_id } = team.organization;
    const paid = { organization_id, total_cents: 500 };
    const { body } = await team.admin.api.post("/bridge-payment/payments/intents", paid);
    const path = `/bridge-payment/payments/${body.data.id}`;
    await go();
    const user_id = team.admin.user.id;
    expect((await team.admin.api.get(path)).status).toBe(404);
    expect((await team.member.api.get(path)).body.data).toMatchObject({ user_id, organization_id });
  });

  test("a former member returns with a new membership", async () => {
    await go();
    const { status, body } = await add({ email: team.admin.user.email });
    expect([status, body.data.roles]).toEqual([201, ["member"]]);
    expect(body.data.id).not.toBe(team.admin.memberId);
  });
});

test("a content type without a body counts as an empty body", async () => {
  const headers = { "Content-Type": "application/json" };
  const answer = await team.member.api.post(`${team.path}/leave`, undefined, headers);
  expect(answer).toMatchObject({ status: 200, body: { message: "You have left the organization" } });
});
