import { afterAll, beforeAll, expect, test } from "vitest";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  uniqueEmail,
} from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";

const ROUNDS = 25;

let guildhall: Guildhall;

beforeAll(async () => {
  guildhall = await startGuildhall();
});
afterAll(() => guildhall.stop());

test("who joins while they are invited again is left no pending invitation", async () => {
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

test("who is removed while they invite leaves no pending invitation", async () => {
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
