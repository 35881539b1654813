import { describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import { rowsTo, runBatches, sendBatch, someEmails } from "./support/batches.ts";
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
import { later } from "./support/invitations.ts";
import { addPermission, buildRole, giveInEnvironment, membershipRole, userRole } from "./support/roles.ts";

const ROUNDS = 25;

const guildhall = useGuildhall();

test("a person who joins while invited again is left no pending invitation", async () => {
  const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  for (let round = 0; round < ROUNDS; round += 1) {
    const person = await buildPerson(guildhall);
    const { body } = await invite(guildhall, organization, person.user.email);
    const again = Array.from({ length: 4 }, () => invite(guildhall, organization, person.user.email));
    await Promise.all([
      guildhall.api.as(person.token).post(`/api/invitations/${body.data.id}/accept`),
      ...again,
    ]);
    const pending = await guildhall.db("invitations").where({ email: person.user.email, status: "pending" });
    expect(pending).toEqual([]);
  }
});

test("a member removed while inviting leaves no pending invitation", async () => {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  for (let round = 0; round < ROUNDS; round += 1) {
    const admin = await buildMember(guildhall, organization, "admin");
    const api = guildhall.api.as(admin.token);
    const sent = Array.from({ length: 6 }, () =>
      api.post("/api/invitations", invitationTo(organization.id, uniqueEmail())),
    );
    const removed = guildhall.api.delete(`/api/memberships/${admin.membership.id}`);
    const [{ status }, ...answers] = await Promise.all([removed, ...sent]);
    expect(status).toBe(204);
    expect(answers.every((answer) => [201, 403, 404].includes(answer.status))).toBe(true);
    const pending = await guildhall
      .db("invitations")
      .where({ inviter_user_id: admin.user.id, status: "pending" });
    expect(pending).toEqual([]);
  }
});

/** Somebody who may invite to an organization, and the request that ends the right. */
interface Losing {
  token: string;
  lose: () => Promise<ApiAnswer>;
}

/** The number of statements that wait for a lock. */
async function waiting(): Promise<number> {
  const { rows } = await guildhall.db.raw(
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows[0].n;
}

const waysToLose: Record<string, (organization: Organization, owner: Api) => Promise<Losing>> = {
  "losing a role of the environment": async (organization) => {
    const { user, token } = await buildMember(guildhall, organization, "member");
    const given = await giveInEnvironment(guildhall, user, ["members:manage"]);
    return { token, lose: () => guildhall.api.delete(`/api/user-roles/${given}`) };
  },
  "taking a permission from a role of the environment": async (organization) => {
    const { user, token } = await buildMember(guildhall, organization, "member");
    const role = await buildRole(guildhall, []);
    const permission = await addPermission(guildhall.api, role, "members:manage");
    await guildhall.api.post("/api/user-roles", userRole(user.id, role));
    return { token, lose: () => guildhall.api.delete(`/api/role-permissions/${permission}`) };
  },
  "taking a permission from a role of the organization": async (organization) => {
    const { token, membership } = await buildMember(guildhall, organization, "member");
    const role = await buildRole(guildhall, [], organization.id);
    const permission = await addPermission(guildhall.api, role, "members:manage");
    await guildhall.api.post("/api/membership-roles", membershipRole(membership.id, role));
    return { token, lose: () => guildhall.api.delete(`/api/role-permissions/${permission}`) };
  },
  "deleting a user who isn't a member": async () => {
    const { user, token } = await buildPerson(guildhall);
    const admin = await roleId(guildhall, user.environment_id, "admin");
    await guildhall.api.post("/api/user-roles", userRole(user.id, admin));
    return { token, lose: () => guildhall.api.delete(`/api/users/${user.id}`) };
  },
  "demoting an admin": async (organization, owner) => {
    const { token, membership } = await buildMember(guildhall, organization, "admin");
    const path = `/bridge-payment/organizations/${organization.id}/members/${membership.id}`;
    return { token, lose: () => owner.put(path, { role: "member" }) };
  },
};

describe.each(Object.entries(waysToLose))("%s", (_, build) => {
  async function buildTeam() {
    const owner = await buildPerson(guildhall);
    const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
    return { organization, owner: guildhall.api.as(owner.token) };
  }

  const pendingIn = ({ id }: Organization) =>
    guildhall.db("invitations").where({ organization_id: id, status: "pending" });

  test("losing the right during the writing of an invitation revokes it", async () => {
    const { organization, owner } = await buildTeam();
    const { token, lose } = await build(organization, owner);
    const email = uniqueEmail();
    const { body } = await invite(guildhall, organization, email);
    const underWay: Array<Promise<ApiAnswer>> = [];
    // It is judged, and then waits to learn whether the address still has a pending invitation.
    await guildhall.db.transaction(async (trx) => {
      await trx("invitations")
        .where({ id: body.data.id })
        .update({ status: "declined", declined_at: trx.fn.now() });
      underWay.push(guildhall.api.as(token).post("/api/invitations", invitationTo(organization.id, email)));
      await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
      underWay.push(lose());
      await expect.poll(waiting, { timeout: 10_000 }).toBe(2);
    });
    const [sent, lost] = await Promise.all(underWay);
    expect(sent?.status).toBe(201);
    expect(lost?.status).toBeLessThan(300);
    expect(await pendingIn(organization)).toEqual([]);
  });

  test("losing the right while inviting leaves no pending invitation", async () => {
    const { organization, owner } = await buildTeam();
    for (let round = 0; round < 10; round += 1) {
      const { token, lose } = await build(organization, owner);
      const api = guildhall.api.as(token);
      const sent = Array.from({ length: 6 }, () =>
        api.post("/api/invitations", invitationTo(organization.id, uniqueEmail())),
      );
      const [lost, ...answers] = await Promise.all([later(10, lose), ...sent]);
      expect(lost.status, JSON.stringify(lost.body)).toBeLessThan(300);
      for (const { status } of answers) expect([201, 401, 403, 404]).toContain(status);
      expect(await pendingIn(organization)).toEqual([]);
    }
  });

  test("losing the right during a batch leaves no pending invitation", async () => {
    const { organization, owner } = await buildTeam();
    for (let round = 0; round < 3; round += 1) {
      const { token, lose } = await build(organization, owner);
      await sendBatch(guildhall.api.as(token), organization, rowsTo(someEmails(150)));
      const [lost] = await Promise.all([later(40, lose), runBatches(guildhall)]);
      expect(lost.status, JSON.stringify(lost.body)).toBeLessThan(300);
      expect(await pendingIn(organization)).toEqual([]);
    }
  });
});
