import { describe, expect, test } from "vitest";
import { buildInvitationTo, buildPerson, invite } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { answerByLink, expiresIn, openLink } from "./support/invitations.ts";

const guildhall = useGuildhall();

type Invitation = Awaited<ReturnType<typeof buildInvitationTo>>;
type Step = (invitation: Invitation) => Promise<unknown>;

const accept: Step = (invitation) => answerByLink(guildhall, invitation, "accept");
const decline: Step = (invitation) => answerByLink(guildhall, invitation, "decline");
const revoke: Step = ({ path }) => guildhall.api.post(`${path}/revoke`);
const expire: Step = ({ id }) => expiresIn(guildhall, id, -1);
const resend: Step = ({ id }) => guildhall.db("invitations").where({ id }).increment("token_version", 1);
const inviteAgain: Step = ({ organization, invitee }) => invite(guildhall, organization, invitee.user.email);
const rename: Step = ({ organization }) =>
  guildhall.db("organizations").where({ id: organization.id }).update({ name: "Acme Inc" });

const join: Step = ({ organization, invitee }) => {
  const relationships = {
    user: { data: { type: "user", id: invitee.user.id } },
    organization: { data: { type: "organization", id: organization.id } },
  };
  return guildhall.api.post("/api/memberships", { data: { type: "membership", relationships } });
};

const remove: Step = async ({ organization, invitee }) => {
  const row = { organization_id: organization.id, user_id: invitee.user.id };
  const { id } = await guildhall.db("memberships").where(row).first("id");
  return guildhall.api.delete(`/api/memberships/${id}`);
};

const becomeAdmin: Step = async ({ organization, invitee }) => {
  const row = { organization_id: organization.id, user_id: invitee.user.id };
  const { id } = await guildhall.db("memberships").where(row).first("id");
  const role = await guildhall
    .db("roles")
    .where({ name: "admin", environment_id: organization.environment_id })
    .first();
  const relationships = {
    membership: { data: { type: "membership", id } },
    role: { data: { type: "role", id: role.id } },
  };
  return guildhall.api.post("/api/membership-roles", { data: { type: "membership_role", relationships } });
};

const startDeletion: Step = ({ organization }) =>
  guildhall.api.delete(`/api/organizations/${organization.id}`);

const MEMBER = "You are a member of Acme Corp";
const NEWER = "There is a newer email";

describe("a link's page and its API answer tell the same truth:", () => {
  test.each<[happened: string, steps: Step[], title: string, status: number, code: string | undefined]>([
    ["nothing", [], "Acme Corp", 200, undefined],
    ["the organization got another name", [rename], "Acme Inc", 200, undefined],
    ["accepted", [accept], "Welcome to Acme Corp", 200, undefined],
    ["accepted, then another role given", [accept, becomeAdmin], "Welcome to Acme Corp", 200, undefined],
    ["accepted, then removed", [accept, remove], "You are no longer a member", 410, "invitation_accepted"],
    ["accepted, removed, invited again", [accept, remove, inviteAgain], NEWER, 410, "invitation_accepted"],
    ["accepted, removed, added by hand", [accept, remove, join], "Welcome to Acme Corp", 200, undefined],
    [
      "accepted, then the organization deleted",
      [accept, startDeletion],
      "This invitation no longer exists",
      404,
      "not_found",
    ],
    ["the organization deleted", [startDeletion], "This invitation no longer exists", 404, "not_found"],
    ["declined", [decline], "Invitation declined", 200, "invitation_declined"],
    ["declined, then invited again", [decline, inviteAgain], NEWER, 410, "invitation_declined"],
    ["declined, then added by hand", [decline, join], MEMBER, 200, "invitation_declined"],
    ["revoked", [revoke], "This invitation was withdrawn", 410, "invitation_revoked"],
    ["revoked, then invited again", [revoke, inviteAgain], NEWER, 410, "invitation_revoked"],
    ["revoked, then added by hand", [revoke, join], MEMBER, 200, "invitation_revoked"],
    [
      "revoked, added by hand, removed",
      [revoke, join, remove],
      "This invitation was withdrawn",
      410,
      "invitation_revoked",
    ],
    ["expired", [expire], "This invitation has expired", 410, "invitation_expired"],
    ["expired, then invited again", [expire, inviteAgain], NEWER, 410, "invitation_expired"],
    ["expired, then added by hand", [expire, join], MEMBER, 200, "invitation_expired"],
    ["sent once more", [resend], NEWER, 410, "invitation_superseded"],
    ["sent once more, then revoked", [resend, revoke], NEWER, 410, "invitation_superseded"],
  ])("%s", async (_, steps, title, status, code) => {
    const invitation = await buildInvitationTo(guildhall);
    for (const step of steps) await step(invitation);
    const shown = await openLink(guildhall, invitation.id);
    const heading = /<h1>(.+)<\/h1>/.exec(shown.page)?.[1]?.replace(/<[^>]+>/g, "");
    expect([heading, shown.status]).toEqual([title, status]);
    const answer = await answerByLink(guildhall, invitation, "accept");
    expect(answer.body.errors?.[0].code).toBe(code);
    // A page without anything to answer has no button.
    expect(shown.page.includes("<button")).toBe(steps.length === 0 || steps[0] === rename);
  });

  test("an invitation deleted with its row looks unlike a made-up link", async () => {
    const invitation = await buildInvitationTo(guildhall);
    const strange = guildhall.context.linkKeys.sign({
      invitationId: "inv_01h2xcejqtf2nbrexx3vqjhp41",
      tokenVersion: 1,
    });
    await startDeletion(invitation);
    const open = async (token: string) => {
      const answer = await fetch(`${guildhall.api.origin}/i/${token}`, { headers: { Accept: "text/html" } });
      return { status: answer.status, page: await answer.text() };
    };
    const deleted = await openLink(guildhall, invitation.id);
    expect(await open(strange)).toEqual(deleted);
    const wrong = await open("made-up");
    expect(wrong.status).toBe(404);
    expect(wrong.page).not.toBe(deleted.page);
  });

  test("a button pressed after the organization's deletion says it is gone", async () => {
    const invitation = await buildInvitationTo(guildhall);
    const token = guildhall.context.linkKeys.sign({ invitationId: invitation.id, tokenVersion: 1 });
    const post = async () => {
      const body = new URLSearchParams({ token });
      const path = `${guildhall.api.origin}/invitations/${invitation.id}/accept`;
      return (await fetch(path, { method: "POST", body })).text();
    };
    await startDeletion(invitation);
    expect(await post()).toContain("This invitation no longer exists");
  });

  test("another person who joined doesn't make the invitee a member", async () => {
    const invitation = await buildInvitationTo(guildhall);
    await revoke(invitation);
    await join({ ...invitation, invitee: await buildPerson(guildhall) });
    expect((await openLink(guildhall, invitation.id)).page).toContain("This invitation was withdrawn");
  });
});

test("an address that isn't a link gets a plain page without an inviter", async () => {
  for (const path of ["/nowhere", "/invitation", "/favicon.png"]) {
    const answer = await fetch(guildhall.api.origin + path, { headers: { Accept: "text/html" } });
    expect(answer.status).toBe(404);
    const page = await answer.text();
    expect(page).toContain("Page not found");
    expect(page).not.toMatch(/invited you/);
  }
});
