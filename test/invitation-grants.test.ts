import { describe, expect, test } from "vitest";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  roleId,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

const refusal = (status: number, code: string, pointer?: string) => {
  const error = pointer === undefined ? { code } : { code, source: { pointer } };
  return { status, body: { errors: [error] } };
};

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  return { owner, organization, api: guildhall.api.as(owner.token) };
}

/** A role with these permissions, which are created in the environment if they are missing. */
async function buildRole(
  environment_id: string,
  permissions: string[],
  organization_id: string | null = null,
) {
  const { db } = guildhall;
  const role = { id: newId("role"), environment_id, organization_id, name: unique("role") };
  await db("roles").insert(role);
  for (const name of permissions) {
    await db("permissions")
      .insert({ id: newId("perm"), environment_id, name })
      .onConflict(["environment_id", "name"])
      .ignore();
    const permission = await db("permissions").where({ environment_id, name }).first("id");
    await db("role_permissions").insert({
      id: newId("roleperm"),
      environment_id,
      role_id: role.id,
      permission_id: permission.id,
    });
  }
  return role.id;
}

function countInvitations({ id }: Organization) {
  return guildhall
    .db("invitations")
    .where({ organization_id: id })
    .then((rows) => rows.length);
}

describe("roles of an invitation", () => {
  test("an invitation without roles grants member", async () => {
    const { organization, api } = await buildTeam();
    const created = await api.post("/api/invitations", invitationTo(organization.id, uniqueEmail()));
    const member = await roleId(guildhall, organization.environment_id, "member");
    expect(created.body.data.attributes.role_ids).toEqual([member]);
  });

  test("an invitation grants a role named twice once", async () => {
    const { organization, api } = await buildTeam();
    const billing = await roleId(guildhall, organization.environment_id, "billing");
    const document = invitationTo(organization.id, uniqueEmail(), { role_ids: [billing, billing] });
    const created = await api.post("/api/invitations", document);
    expect(created.body.data.attributes.role_ids).toEqual([billing]);
  });

  test("an invitation grants roles of its organization and of the environment", async () => {
    const { organization, api } = await buildTeam();
    const { environment_id, id } = organization;
    const roles = [
      await buildRole(environment_id, ["members:read"], id),
      await buildRole(environment_id, ["members:read"]),
    ];
    const document = invitationTo(id, uniqueEmail(), { role_ids: roles });
    expect(await api.post("/api/invitations", document)).toMatchObject({ status: 201 });
  });
});

describe("roles that no invitation grants", () => {
  const pointer = "/data/attributes/role_ids";

  test("no invitation grants owner: 403 owner_not_grantable", async () => {
    const { organization, api } = await buildTeam();
    const owner = await roleId(guildhall, organization.environment_id, "owner");
    const document = invitationTo(organization.id, uniqueEmail(), { role_ids: [owner] });
    for (const anyone of [api, guildhall.api]) {
      const answer = await anyone.post("/api/invitations", document);
      expect(answer).toMatchObject(refusal(403, "owner_not_grantable", pointer));
    }
    expect(await countInvitations(organization)).toBe(0);
  });

  test("an invitation can't exceed its inviter: 403 role_exceeds_own", async () => {
    const { organization, api } = await buildTeam();
    const { environment_id, id } = organization;
    const admin = guildhall.api.as((await buildMember(guildhall, organization, "admin")).token);
    const deleting = await buildRole(environment_id, ["organization:read", "organization:delete"], id);
    const reporting = await buildRole(environment_id, ["reports:read"]);
    const member = await roleId(guildhall, environment_id, "member");
    const inviteWith = (...role_ids: string[]) => invitationTo(id, uniqueEmail(), { role_ids });

    const byAdmin = await admin.post("/api/invitations", inviteWith(member, deleting));
    expect(byAdmin).toMatchObject(refusal(403, "role_exceeds_own", pointer));
    expect(byAdmin.body.errors[0].detail).toBe(
      "You can't grant or revoke permissions you don't have yourself: organization:delete.",
    );
    expect(await api.post("/api/invitations", inviteWith(deleting))).toMatchObject({ status: 201 });
    const staff = await buildRole(environment_id, ["users:read"]);
    const byOwner = await api.post("/api/invitations", inviteWith(staff));
    expect(byOwner).toMatchObject(refusal(403, "role_exceeds_own", pointer));
    expect(await api.post("/api/invitations", inviteWith(reporting))).toMatchObject({ status: 201 });
    expect(await guildhall.api.post("/api/invitations", inviteWith(staff))).toMatchObject({ status: 201 });
  });

  test("an invitation with an unknown or foreign role is a 404 that names it", async () => {
    const { organization, api } = await buildTeam();
    const foreign = await buildRole(
      organization.environment_id,
      ["members:read"],
      (await buildTeam()).organization.id,
    );
    for (const role of [foreign, "role_01h2xcejqtf2nbrexx3vqjhp41", "ROLE_ID_1", ""]) {
      for (const anyone of [api, guildhall.api]) {
        const document = invitationTo(organization.id, uniqueEmail(), { role_ids: [role] });
        const answer = await anyone.post("/api/invitations", document);
        expect(answer).toMatchObject(refusal(404, "not_found", pointer));
        expect(answer.body.errors[0].detail).toContain(role);
      }
    }
    expect(await countInvitations(organization)).toBe(0);
  });

  test("inviting as an outsider reveals nothing about the organization: 404", async () => {
    const { organization } = await buildTeam();
    const outsider = guildhall.api.as((await buildPerson(guildhall)).token);
    const real = await outsider.post("/api/invitations", invitationTo(organization.id, uniqueEmail()));
    const unknown = "org_01h2xcejqtf2nbrexx3vqjhp41";
    const imagined = await outsider.post("/api/invitations", invitationTo(unknown, uniqueEmail()));
    expect(real.status).toBe(404);
    const { id: _, ...one } = real.body.errors[0];
    const { id: __, ...other } = imagined.body.errors[0];
    expect(one).toEqual(other);
  });
});
