import { expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  const admin = await buildMember(guildhall, organization, "admin");
  return { owner, organization, admin, api: guildhall.api.as(owner.token) };
}

function membershipOf(organization: Organization, userId: string) {
  return guildhall.db("memberships").where({ organization_id: organization.id, user_id: userId }).first();
}

function eventsAbout(subject_id: string) {
  return guildhall.db("events").where({ subject_id }).orderBy("id").pluck("type");
}

test("a removed member is refused from the next request on", async () => {
  const { organization, admin, api } = await buildTeam();
  const path = `/api/organizations/${organization.id}`;
  expect(await guildhall.api.as(admin.token).get(path)).toMatchObject({ status: 200 });

  const removed = await api.delete(`/api/memberships/${admin.membership.id}`);
  expect(removed.status).toBe(204);
  expect(removed.body).toBeUndefined();
  expect(await guildhall.api.as(admin.token).get(path)).toMatchObject({ status: 404 });
  expect(await api.get(`/api/memberships/${admin.membership.id}`)).toMatchObject({ status: 404 });
  expect(await eventsAbout(admin.membership.id)).toContain("membership.removed");
});

test("removing a member revokes the invitations they sent there, and no others", async () => {
  const { organization, admin, api } = await buildTeam();
  const elsewhere = await buildOrganization(guildhall, admin);
  const speak = guildhall.api.as(admin.token);
  const sent = await speak.post("/api/invitations", invitationTo(organization.id, uniqueEmail()));
  const sentElsewhere = await speak.post("/api/invitations", invitationTo(elsewhere.id, uniqueEmail()));
  const sentByOwner = await api.post("/api/invitations", invitationTo(organization.id, uniqueEmail()));
  const joining = await buildPerson(guildhall);
  const accepted = await speak.post("/api/invitations", invitationTo(organization.id, joining.user.email));
  await guildhall.api.post(`${accepted.body.data.links.self}/accept`, { meta: { user_id: joining.user.id } });

  await api.delete(`/api/memberships/${admin.membership.id}`);

  const statusOf = async (answer: typeof sent) =>
    (await guildhall.api.get(answer.body.data.links.self)).body.data.attributes.status;
  expect(await statusOf(sent)).toBe("revoked");
  expect(await eventsAbout(sent.body.data.id)).toEqual(["invitation.created", "invitation.revoked"]);
  expect(await statusOf(sentElsewhere)).toBe("pending");
  expect(await statusOf(sentByOwner)).toBe("pending");
  expect(await statusOf(accepted)).toBe("accepted");
});

test("removing a member revokes invitations to their address", async () => {
  const { organization, admin, api } = await buildTeam();
  const [first, second] = [uniqueEmail(), uniqueEmail()];
  const invited = await invite(guildhall, organization, first);
  const bystander = await invite(guildhall, organization, second);
  // The member's address became the invited one only after the invitation.
  await guildhall.db("users").where({ id: admin.user.id }).update({ email: first, email_canonical: first });

  await api.delete(`/api/memberships/${admin.membership.id}`);
  expect((await api.get(invited.body.data.links.self)).body.data.attributes.status).toBe("revoked");
  expect((await api.get(bystander.body.data.links.self)).body.data.attributes.status).toBe("pending");
});

test("a member with any role may leave", async () => {
  const { organization } = await buildTeam();
  for (const role of ["admin", "billing", "member"] as const) {
    const { membership, token } = await buildMember(guildhall, organization, role);
    const left = await guildhall.api.as(token).delete(`/api/memberships/${membership.id}`);
    expect(left.status, role).toBe(204);
  }
});

test("leaving again, or removing a former member, is a 404", async () => {
  const { organization, api } = await buildTeam();
  const { membership, token } = await buildMember(guildhall, organization, "member");
  const path = `/api/memberships/${membership.id}`;
  expect(await guildhall.api.as(token).delete(path)).toMatchObject({ status: 204 });
  expect(await guildhall.api.as(token).delete(path)).toMatchObject({ status: 404 });
  expect(await api.delete(path)).toMatchObject({ status: 404 });
});

test("the owner can't leave or be removed, not even by the operator: 409", async () => {
  const { owner, organization, admin, api } = await buildTeam();
  const { id } = await membershipOf(organization, owner.user.id);
  for (const anyone of [api, guildhall.api.as(admin.token), guildhall.api]) {
    expect(await anyone.delete(`/api/memberships/${id}`)).toMatchObject({
      status: 409,
      body: { errors: [{ code: "owner_stays" }] },
    });
  }
  expect(await membershipOf(organization, owner.user.id)).toMatchObject({ id });
});

test("a removed member may be added again", async () => {
  const { organization, admin, api } = await buildTeam();
  await api.delete(`/api/memberships/${admin.membership.id}`);
  const relationships = {
    user: { data: { type: "user", id: admin.user.id } },
    organization: { data: { type: "organization", id: organization.id } },
  };
  const added = await api.post("/api/memberships", { data: { type: "membership", relationships } });
  expect(added.status).toBe(201);
  expect(added.body.data.id).not.toBe(admin.membership.id);
});
