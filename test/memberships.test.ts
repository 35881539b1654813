import { describe, expect, test } from "vitest";
import type { SystemRoleName } from "../src/access/permissions.ts";
import type { MemberManagement, Organization } from "../src/models/organization.ts";
import type { Api } from "./support/api.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  roleId,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

function newMembership(organization: string, user: string, attributes: object = {}) {
  const relationships = {
    user: { data: { type: "user", id: user } },
    organization: { data: { type: "organization", id: organization } },
  };
  return { data: { type: "membership", attributes, relationships } };
}

/** An organization and its owner, who sends the requests. */
async function buildTeam(
  member_management: MemberManagement = "owner",
): Promise<{ owner: Person; organization: Organization; api: Api }> {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management });
  return { owner, organization, api: guildhall.api.as(owner.token) };
}

describe("adding a member", () => {
  test("adding makes an existing user a member at once, with the role member", async () => {
    const { organization, api } = await buildTeam();
    const { user } = await buildPerson(guildhall);
    const metadata = { department: "finance" };
    const created = await api.post("/api/memberships", newMembership(organization.id, user.id, { metadata }));

    expect(created).toMatchObject({
      status: 201,
      body: { data: { type: "membership", attributes: { metadata } } },
    });
    const { self } = created.body.data.links;
    expect(created.headers.get("Location")).toBe(self);
    const read = await api.get(self);
    const links = (name: string) => ({ self: `${self}/relationships/${name}`, related: `${self}/${name}` });
    expect(read.body.data.relationships).toEqual({
      organization: {
        links: links("organization"),
        data: { type: "organization", id: organization.id },
      },
      user: { links: links("user"), data: { type: "user", id: user.id } },
      roles: {
        links: links("roles"),
        data: [{ type: "role", id: await roleId(guildhall, user.environment_id, "member") }],
      },
      membership_roles: { links: links("membership_roles") },
    });
  });

  test("adding a member returns the resource as a read shows it", async () => {
    const { organization, api } = await buildTeam();
    const { user } = await buildPerson(guildhall);
    const created = await api.post("/api/memberships", newMembership(organization.id, user.id));
    const { self } = created.body.data.links;
    expect((await api.get(self)).body).toEqual({ ...created.body, links: { self } });
  });

  test("adding a member twice is a 409 and leaves one membership", async () => {
    const { organization, api } = await buildTeam();
    const { user } = await buildPerson(guildhall);
    const document = newMembership(organization.id, user.id);
    const answers = await Promise.all([
      api.post("/api/memberships", document),
      api.post("/api/memberships", document),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await api.post("/api/memberships", document)).toMatchObject(refusal(409, "already_member"));
  });

  test("adding an unknown user is a 404 that points at the relationship", async () => {
    const { organization, api } = await buildTeam();
    const unknown = "user_01h2xcejqtf2nbrexx3vqjhp41";
    const answer = await api.post("/api/memberships", newMembership(organization.id, unknown));
    expect(answer).toMatchObject({
      status: 404,
      body: { errors: [{ source: { pointer: "/data/relationships/user" } }] },
    });
  });
});

describe("managing members", () => {
  const everybody = ["owner", "admin", "billing", "member", "outsider", "anonymous"] as const;
  type Who = (typeof everybody)[number];

  async function speakAs(who: Who, { owner, organization }: { owner: Person; organization: Organization }) {
    if (who === "anonymous") return guildhall.api.as(null);
    if (who === "owner") return guildhall.api.as(owner.token);
    if (who === "outsider") return guildhall.api.as((await buildPerson(guildhall)).token);
    return guildhall.api.as((await buildMember(guildhall, organization, who as SystemRoleName)).token);
  }

  test.each([
    ["owner", { owner: 201, admin: 403, billing: 403, member: 403, outsider: 404, anonymous: 401 }],
    [
      "owner_and_admins",
      { owner: 201, admin: 201, billing: 403, member: 403, outsider: 404, anonymous: 401 },
    ],
  ] as const)("with member_management %s", async (setting, expected) => {
    const team = await buildTeam(setting);
    for (const who of everybody) {
      const api = await speakAs(who, team);
      const { user } = await buildPerson(guildhall);
      const added = await api.post("/api/memberships", newMembership(team.organization.id, user.id));
      expect(added.status, `${who} adds`).toBe(expected[who]);
      const invited = await api.post("/api/invitations", invitationTo(team.organization.id, uniqueEmail()));
      expect(invited.status, `${who} invites`).toBe(expected[who]);
      const { membership } = await buildMember(guildhall, team.organization, "member");
      const removed = await api.delete(`/api/memberships/${membership.id}`);
      expect(removed.status, `${who} removes`).toBe(expected[who] === 201 ? 204 : expected[who]);
    }
  });

  test("by default only the owner manages members, and the 403 names the setting", async () => {
    const owner = await buildPerson(guildhall);
    const organization = await buildOrganization(guildhall, owner);
    const admin = await buildMember(guildhall, organization, "admin");
    const billing = await buildMember(guildhall, organization, "billing");
    const document = invitationTo(organization.id, uniqueEmail());

    const toAdmin = await guildhall.api.as(admin.token).post("/api/invitations", document);
    expect(toAdmin.body.errors[0].detail).toMatch(/member_management.*owner_and_admins/);
    const toBilling = await guildhall.api.as(billing.token).post("/api/invitations", document);
    expect(toBilling.body.errors[0].detail).toContain("members:manage");
    expect(toBilling.body.errors[0].detail).not.toContain("member_management");
  });

  test("only the owner or operator sets member_management: 403 owner_only", async () => {
    const { organization, api } = await buildTeam();
    const admin = guildhall.api.as((await buildMember(guildhall, organization, "admin")).token);
    const path = `/api/organizations/${organization.id}`;
    const set = (member_management: string) => ({
      data: { type: "organization", id: organization.id, attributes: { member_management } },
    });

    expect(await admin.patch(path, set("owner_and_admins"))).toMatchObject(refusal(403, "owner_only"));
    expect(await admin.patch(path, set("owner"))).toMatchObject({ status: 200 });
    expect(await api.patch(path, set("owner_and_admins"))).toMatchObject({ status: 200 });
    expect(await admin.patch(path, set("owner"))).toMatchObject(refusal(403, "owner_only"));
    expect(await guildhall.api.patch(path, set("owner"))).toMatchObject({ status: 200 });
  });
});

describe("listing memberships", () => {
  test("listing memberships of an organization shows only its members", async () => {
    const { organization, api, owner } = await buildTeam();
    const { user } = await buildMember(guildhall, organization, "billing");
    await buildMember(guildhall, (await buildTeam()).organization, "member");
    const listed = await api.get(`/api/memberships?filter[organization]=${organization.id}`);
    const users = listed.body.data.map(
      (row: { relationships: { user: { data: { id: string } } } }) => row.relationships.user.data.id,
    );
    expect(users).toEqual([owner.user.id, user.id]);
    const one = await api.get(
      `/api/memberships?filter[organization]=${organization.id}&filter[user]=${user.id}`,
    );
    expect(one.body.data).toHaveLength(1);
  });

  test("listing all memberships shows users only their own organizations", async () => {
    const { organization, owner } = await buildTeam();
    const member = await buildMember(guildhall, organization, "member");
    const outsider = await buildMember(guildhall, (await buildTeam()).organization, "member");
    const api = guildhall.api.as(member.token);
    const usersOf = async (query: string) =>
      (await api.get(`/api/memberships${query}`)).body.data.map(
        (row: { relationships: { user: { data: { id: string } } } }) => row.relationships.user.data.id,
      );
    expect(await usersOf("")).toEqual([owner.user.id, member.user.id]);
    expect(await usersOf(`?filter[user]=${owner.user.id}`)).toEqual([owner.user.id]);
    expect(await usersOf(`?filter[user]=${outsider.user.id}`)).toEqual([]);
  });
});
