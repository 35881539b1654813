import { describe, expect, test } from "vitest";
import { newId } from "../src/lib/id.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  roleId,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";
import { giveInEnvironment, userRole } from "./support/roles.ts";

const guildhall = useGuildhall();

const remove = (id: string) => guildhall.api.delete(`/api/users/${id}`);

test("a deleted user loses sessions, memberships and roles at once", async () => {
  const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  const { user, token, membership } = await buildMember(guildhall, organization, "admin");
  await guildhall.api.post(
    "/api/user-roles",
    userRole(user.id, await roleId(guildhall, user.environment_id, "billing")),
  );
  expect((await guildhall.api.as(token).get("/api/organizations")).status).toBe(200);

  const gone = await remove(user.id);
  expect([gone.status, gone.body]).toEqual([204, undefined]);
  expect(await guildhall.api.as(token).get("/api/organizations")).toMatchObject(refusal(401, "unauthorized"));
  for (const path of [`/api/users/${user.id}`, `/api/memberships/${membership.id}`])
    expect(await guildhall.api.get(path)).toMatchObject(refusal(404, "not_found"));
  for (const collection of ["sessions", "memberships", "user-roles"]) {
    const { body } = await guildhall.api.get(`/api/${collection}?filter[user]=${user.id}`);
    expect(body.data, collection).toEqual([]);
  }
  expect(await remove(user.id)).toMatchObject(refusal(404, "not_found"));
});

test("a deleted user's address is free for somebody new", async () => {
  const { user } = await buildPerson(guildhall);
  await remove(user.id);
  const again = await guildhall.api.post("/api/users", {
    data: { type: "user", attributes: { email: user.email } },
  });
  expect(again.status).toBe(201);
  expect(again.body.data.id).not.toBe(user.id);
});

test("the owner of an organization can't be deleted: 409 owns_organization", async () => {
  const owner = await buildPerson(guildhall);
  const first = await buildOrganization(guildhall, owner);
  const second = await buildOrganization(guildhall, owner);
  const refused = await remove(owner.user.id);
  expect(refused).toMatchObject(refusal(409, "owns_organization"));
  for (const { id } of [first, second]) expect(refused.body.errors[0].detail).toContain(id);
  expect((await guildhall.api.as(owner.token).get(`/api/organizations/${first.id}`)).status).toBe(200);

  const next = await buildMember(guildhall, first, "member");
  const path = `/api/organizations/${first.id}/transfer-ownership`;
  expect((await guildhall.api.post(path, { meta: { user_id: next.user.id } })).status).toBe(200);
  const stillOne = await remove(owner.user.id);
  expect(stillOne.body.errors[0].detail).not.toContain(first.id);
  await guildhall.api.delete(`/api/organizations/${second.id}`);
  expect((await remove(owner.user.id)).status).toBe(204);
  expect((await guildhall.api.get(`/api/organizations/${first.id}/memberships`)).body.data).toHaveLength(1);
});

test("a user who created subscriptions can't be deleted: 409 has_resources", async () => {
  const { user, token } = await buildPerson(guildhall);
  const { environment_id } = user;
  const row = { id: newId("sub"), environment_id, user_id: user.id, currency: "EUR", subtotal_cents: 100 };
  await guildhall.db("subscriptions").insert(row);
  expect(await remove(user.id)).toMatchObject(refusal(409, "has_resources"));
  expect((await guildhall.api.as(token).get(`/api/users/${user.id}`)).status).toBe(200);
  await guildhall.db("subscriptions").where({ id: row.id }).delete();
  expect((await remove(user.id)).status).toBe(204);
});

test("what a deleted user accepted, sent or revoked still names them", async () => {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  const admin = await buildMember(guildhall, organization, "admin");
  const speak = guildhall.api.as(admin.token);
  const { user } = await buildPerson(guildhall);
  const accepted = await invite(guildhall, organization, user.email);
  const revoked = await invite(guildhall, organization, uniqueEmail());
  const sent = await speak.post("/api/invitations", invitationTo(organization.id, uniqueEmail()));
  const path = accepted.body.data.links.self;
  await guildhall.api.post(`${path}/accept`, { meta: { user_id: user.id } });
  await speak.post(`${revoked.body.data.links.self}/revoke`);
  expect([(await remove(user.id)).status, (await remove(admin.user.id)).status]).toEqual([204, 204]);

  const api = guildhall.api.as(owner.token);
  const read = await api.get(`${path}?include=accepted_by`);
  expect(read).toMatchObject({
    status: 200,
    body: {
      data: {
        attributes: { status: "accepted" },
        relationships: { accepted_by: { data: { type: "user", id: user.id } } },
      },
      included: [],
    },
  });
  expect((await api.get(`${path}/accepted_by`)).body.data).toBeNull();
  expect((await api.get(revoked.body.data.links.self)).body.data.relationships.revoked_by.data.id).toBe(
    admin.user.id,
  );
  const orphan = (await api.get(sent.body.data.links.self)).body.data;
  expect(orphan.attributes.status).toBe("revoked");
  expect(orphan.relationships.inviter.data).toBeNull();
});

describe("the right to delete users", () => {
  test("comes with users:manage in the environment; nobody can delete themselves", async () => {
    const [victim, manager] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    const path = `/api/users/${victim.user.id}`;
    expect(await guildhall.api.as(victim.token).delete(path)).toMatchObject(refusal(403, "forbidden"));
    await giveInEnvironment(guildhall, manager.user, ["users:manage"]);
    expect((await guildhall.api.as(manager.token).delete(path)).status).toBe(204);
  });
});

describe("deleting a user at once", () => {
  test("twenty times deletes once", async () => {
    const { user } = await buildPerson(guildhall);
    const answers = await Promise.all(Array.from({ length: 20 }, () => remove(user.id)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([204, ...Array(19).fill(404)]);
    expect(await guildhall.db("events").where({ subject_id: user.id, type: "user.deleted" })).toHaveLength(1);
  });

  test("during other writes leaves nothing and causes no error", async () => {
    const billing = await roleId(guildhall, (await buildPerson(guildhall)).user.environment_id, "billing");
    for (let round = 0; round < 8; round += 1) {
      const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
      const { user } = await buildPerson(guildhall);
      const link = { data: { type: "user", id: user.id } };
      const there = { data: { type: "organization", id: organization.id } };
      const answers = await Promise.all([
        guildhall.api.post("/api/sessions", { data: { type: "session", relationships: { user: link } } }),
        guildhall.api.post("/api/memberships", {
          data: { type: "membership", relationships: { user: link, organization: there } },
        }),
        remove(user.id),
        guildhall.api.post("/api/user-roles", userRole(user.id, billing)),
        guildhall.api.post("/api/organizations", {
          data: { type: "organization", attributes: { name: "Late" }, relationships: { owner: link } },
        }),
      ]);
      for (const { status, body } of answers) expect(status, JSON.stringify(body)).toBeLessThan(500);
      const exists = (await guildhall.api.get(`/api/users/${user.id}`)).status === 200;
      expect(answers[2]?.status).toBe(exists ? 409 : 204);
      for (const table of ["sessions", "memberships", "user_roles"]) {
        const rows = await guildhall.db(table).where({ user_id: user.id });
        if (!exists) expect(rows, table).toEqual([]);
      }
    }
  });
});
