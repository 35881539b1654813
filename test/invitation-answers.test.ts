import { describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import { buildProgram } from "./support/access-tokens.ts";
import type { ApiAnswer } from "./support/api.ts";
import {
  buildInvitationTo,
  buildOrganization,
  buildPerson,
  invite,
  type Person,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

const as = ({ token }: Person) => guildhall.api.as(token);

async function membershipsIn({ id }: Organization): Promise<number> {
  return (await guildhall.db("memberships").where({ organization_id: id })).length;
}

function expectStatus(answer: ApiAnswer, status: string): void {
  expect(answer).toMatchObject({
    status: 200,
    body: { data: { type: "invitation", attributes: { status } } },
  });
}

describe("a signed-in user", () => {
  test("a user with the verified invited address accepts without the link", async () => {
    const { invitee, organization, path } = await buildInvitationTo(guildhall);
    const accepted = await as(invitee).post(`${path}/accept`);
    expectStatus(accepted, "accepted");
    expect(accepted.body.data.relationships.accepted_by.data).toEqual({ type: "user", id: invitee.user.id });
    expect(await as(invitee).get(`/api/organizations/${organization.id}`)).toMatchObject({ status: 200 });
  });

  test("a user with another spelling of the invited address accepts, too", async () => {
    const email = uniqueEmail();
    const invitee = await buildPerson(guildhall, { email });
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const { body } = await invite(guildhall, organization, email.toUpperCase());
    expectStatus(await as(invitee).post(`${body.data.links.self}/accept`), "accepted");
  });

  test("a user with the verified invited address declines without the link", async () => {
    const { invitee, organization, path } = await buildInvitationTo(guildhall);
    expectStatus(await as(invitee).post(`${path}/decline`), "declined");
    expect(await membershipsIn(organization)).toBe(1);
  });

  test.each(["accept", "decline"])("a user with an unverified address can't %s: 403", async (answer) => {
    const invitee = await buildPerson(guildhall, { email_verified: false });
    const { organization, path } = await buildInvitationTo(guildhall, invitee);
    expect(await as(invitee).post(`${path}/${answer}`)).toMatchObject(refusal(403, "email_unverified"));
    expect(await membershipsIn(organization)).toBe(1);
    expectStatus(await guildhall.api.get(path), "pending");
  });

  test.each(["accept", "decline"])("a user with another address can't %s: 404", async (answer) => {
    const { path } = await buildInvitationTo(guildhall);
    const outsider = await buildPerson(guildhall);
    expect(await as(outsider).post(`${path}/${answer}`)).toMatchObject(refusal(404, "not_found"));
  });

  test.each(["accept", "decline"])(
    "a user who only sees the invitation can't %s: 403, with a masked address",
    async (answer) => {
      const { owner, path, invitee } = await buildInvitationTo(guildhall);
      const refused = await as(owner).post(`${path}/${answer}`);
      expect(refused).toMatchObject(refusal(403, "wrong_account"));
      expect(refused.body.errors[0].detail).toMatch(/ p•+@example\.com/);
      expect(JSON.stringify(refused.body)).not.toContain(invitee.user.email);
    },
  );

  test("a user can't answer for another user", async () => {
    const { path, invitee } = await buildInvitationTo(guildhall);
    const other = await buildPerson(guildhall);
    const accepted = await as(invitee).post(`${path}/accept`, { meta: { user_id: other.user.id } });
    expect(accepted).toMatchObject(refusal(403, "user_is_caller"));
    expectStatus(await guildhall.api.get(path), "pending");
  });

  test("an answer without a session and without the link is 401", async () => {
    const { path } = await buildInvitationTo(guildhall);
    for (const answer of ["accept", "decline", "revoke"]) {
      expect(await guildhall.api.as(null).post(`${path}/${answer}`)).toMatchObject({ status: 401 });
    }
  });
});

describe("a program", () => {
  test.each(["accept", "decline"])("a program that may only invite can't %s for a user", async (answer) => {
    const { path, invitee, organization } = await buildInvitationTo(guildhall);
    const inviting = await buildProgram(guildhall, "invitations:read", "invitations:write");
    const document = { meta: { user_id: invitee.user.id } };
    expect(await inviting.post(`${path}/${answer}`, document)).toMatchObject(refusal(403, "scope_missing"));
    expect(await membershipsIn(organization)).toBe(1);
    expectStatus(await guildhall.api.get(path), "pending");
  });

  test("a program with memberships:write accepts for the invited user", async () => {
    const { path, invitee } = await buildInvitationTo(guildhall);
    const program = await buildProgram(guildhall, "invitations:write", "memberships:write");
    const accepted = await program.post(`${path}/accept`, { meta: { user_id: invitee.user.id } });
    expectStatus(accepted, "accepted");
  });

  test("nobody accepts for a user of another address, not even the operator", async () => {
    const { path, invitee, organization } = await buildInvitationTo(guildhall);
    const program = await buildProgram(guildhall, "invitations:write", "memberships:write");
    const { user } = await buildPerson(guildhall);
    for (const api of [program, guildhall.api]) {
      const refused = await api.post(`${path}/accept`, { meta: { user_id: user.id } });
      expect(refused).toMatchObject(refusal(403, "wrong_account", { pointer: "/meta/user_id" }));
      expect(JSON.stringify(refused.body)).not.toContain(invitee.user.email);
    }
    expect(await membershipsIn(organization)).toBe(1);
    expectStatus(await guildhall.api.get(path), "pending");
  });
});

describe("the operator", () => {
  test("the operator accepts for the invited user without verifying the address", async () => {
    const invitee = await buildPerson(guildhall, { email_verified: false });
    const { path, organization } = await buildInvitationTo(guildhall, invitee);
    const { user, token } = invitee;
    const accepted = await guildhall.api.post(`${path}/accept`, { meta: { user_id: user.id } });
    expectStatus(accepted, "accepted");
    expect(accepted.body.data.relationships.accepted_by.data.id).toBe(user.id);
    const { body } = await guildhall.api.get(`/api/users/${user.id}`);
    expect(body.data.attributes.email_verified).toBe(false);
    expect(await guildhall.api.as(token).get(`/api/organizations/${organization.id}`)).toMatchObject({
      status: 200,
    });
  });

  test("the operator can't accept without a user or for an unknown one", async () => {
    const { path } = await buildInvitationTo(guildhall);
    expect(await guildhall.api.post(`${path}/accept`)).toMatchObject(refusal(422, "user_missing"));
    const meta = { user_id: "user_01h2xcejqtf2nbrexx3vqjhp41" };
    expect(await guildhall.api.post(`${path}/accept`, { meta })).toMatchObject(refusal(404, "not_found"));
    expectStatus(await guildhall.api.get(path), "pending");
  });

  test("the operator can't send both a user and a link: 422", async () => {
    const { path, id, invitee } = await buildInvitationTo(guildhall);
    const token = guildhall.context.linkKeys.sign({ invitationId: id, tokenVersion: 1 });
    const refused = await guildhall.api.post(`${path}/accept`, { meta: { token, user_id: invitee.user.id } });
    expect(refused).toMatchObject(refusal(422, "token_or_user"));
    expectStatus(await guildhall.api.get(path), "pending");
  });

  test("the operator declines and revokes without naming a user", async () => {
    for (const [answer, status] of [
      ["decline", "declined"],
      ["revoke", "revoked"],
    ] as const) {
      const { path } = await buildInvitationTo(guildhall);
      expectStatus(await guildhall.api.post(`${path}/${answer}`), status);
    }
  });
});
