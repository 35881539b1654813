import { beforeAll, describe, expect, test } from "vitest";
import { remindInvitees } from "../src/invitations/remind-invitees.ts";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildProgram } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  answerByLink,
  deliveriesOf,
  eventsOf,
  eventTypesOf,
  expiresIn,
  type Invited,
  invited,
  linkToken,
  sendDue,
} from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;
let program: Api;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
  program = await buildProgram(guildhall, "invitations:read", "invitations:write", "invitation_links:write");
});

const unsent = () => invited(guildhall, organization, { send_mail: false });
const take = ({ path }: Pick<Invited, "path">, by: Api = guildhall.api) => by.post(`${path}/link`);

/** The token in a link. */
async function accepts({ id }: Invited, link: string) {
  const token = link.split("/i/")[1];
  return guildhall.api.as(null).post(`/api/invitations/${id}/accept`, { meta: { token } });
}

describe("an invitation without an email", () => {
  test("an invitation without an email is pending and has no delivery", async () => {
    const document = invitationTo(organization.id, uniqueEmail(), { send_mail: false });
    const { status, body } = await program.post("/api/invitations", document);
    expect(status).toBe(201);
    expect(body.data.attributes).toMatchObject({ status: "pending", delivery_status: null });
    expect(body.data.attributes).not.toHaveProperty("send_mail");
    expect((await guildhall.api.get(body.data.links.self)).body.data).toEqual(body.data);
    expect(await deliveriesOf(guildhall, body.data.id)).toEqual([]);
  });

  test("an invitation without an email gets no email and no reminder later", async () => {
    const { id, email } = await unsent();
    const mailed = await invited(guildhall, organization);
    await sendDue(guildhall);
    const { db } = guildhall;
    await db("mail_deliveries").update({ sent_at: db.raw("now() - interval '2 days 1 hour'") });
    await db("invitations").update({ created_at: db.raw("now() - interval '2 days 1 hour'") });
    expect(await remindInvitees(db, () => false)).toBe(1);
    await sendDue(guildhall);
    await guildhall.mailbox.waitFor(mailed.email, 2);
    expect(guildhall.mailbox.received.filter(({ to }) => to.includes(email))).toEqual([]);
    expect(await deliveriesOf(guildhall, id)).toEqual([]);
  });

  test("users can't invite without an email, not even the owner", async () => {
    const ask = (send_mail: boolean) =>
      guildhall.api
        .as(owner.token)
        .post("/api/invitations", invitationTo(organization.id, uniqueEmail(), { send_mail }));
    expect(await ask(false)).toMatchObject(
      refusal(403, "program_only", { pointer: "/data/attributes/send_mail" }),
    );
    expect((await ask(true)).status).toBe(201);
  });

  test.each(["no", 0, null])("send_mail is true or false, not %j", async (send_mail) => {
    const document = invitationTo(organization.id, uniqueEmail(), { send_mail });
    expect((await guildhall.api.post("/api/invitations", document)).status).toBe(422);
  });

  test("resending emails a new link and ends the one taken before", async () => {
    const invitation = await unsent();
    const { link } = (await take(invitation)).body.meta;
    expect((await guildhall.api.post(`${invitation.path}/resend`)).status).toBe(200);
    await sendDue(guildhall);
    await guildhall.mailbox.waitFor(invitation.email);
    expect(await accepts(invitation, link)).toMatchObject(refusal(409, "invitation_superseded"));
  });
});

describe("taking an invitation's link", () => {
  test.each(["the operator", "a program with the scope"])(
    "a link taken by %s opens the invitation",
    async (who) => {
      const invitation = await unsent();
      const { status, body } = await take(invitation, who === "the operator" ? guildhall.api : program);
      expect(status).toBe(200);
      const link = `${guildhall.settings.PUBLIC_URL}/i/${linkToken(guildhall, invitation.id)}`;
      expect(body).toEqual({ meta: { link } });
      const opened = await fetch(body.meta.link, { redirect: "manual" });
      expect(opened.status).toBe(303);
      expect(opened.headers.get("Location")).toContain(`/invitations/${invitation.id}?`);
      expect((await accepts(invitation, body.meta.link)).status).toBe(200);
    },
  );

  test("a taken link equals the emailed one every time", async () => {
    const invitation = await invited(guildhall, organization);
    const [first, second] = [await take(invitation), await take(invitation)];
    expect(first.body.meta.link).toBe(second.body.meta.link);
    await sendDue(guildhall);
    const { mail } = await guildhall.mailbox.waitFor(invitation.email);
    expect(mail.text).toContain(first.body.meta.link);
  });

  test("taking a link is an event with the actor and without the link", async () => {
    const invitation = await unsent();
    await take(invitation, program);
    await take(invitation);
    const [, byProgram, byOperator] = await eventsOf(guildhall, invitation.id);
    expect(byProgram).toMatchObject({ type: "invitation.link_copied", actor_kind: "client" });
    expect(byOperator).toMatchObject({ type: "invitation.link_copied", actor_kind: "operator" });
    expect(JSON.stringify([byProgram, byOperator])).not.toContain(linkToken(guildhall, invitation.id));
    const { body } = await guildhall.api.get(`/api/events?filter[subject]=${invitation.id}`);
    expect(JSON.stringify(body)).not.toContain(linkToken(guildhall, invitation.id));
  });

  test("the response with a link is never cached", async () => {
    expect((await take(await unsent())).headers.get("Cache-Control")).toContain("no-store");
  });

  test("a link taken after resending is the new one", async () => {
    const invitation = await unsent();
    await guildhall.api.post(`${invitation.path}/resend`);
    const { link } = (await take(invitation)).body.meta;
    expect(link).toContain(linkToken(guildhall, invitation.id, 2));
    expect((await accepts(invitation, link)).status).toBe(200);
  });
});

describe("links that are refused", () => {
  test("no user can take a link, because it proves the invited address", async () => {
    const invitation = await invited(guildhall, organization);
    const invitee = await buildPerson(guildhall, { email: invitation.email });
    const member = await buildMember(guildhall, organization, "member");
    for (const { token } of [owner, invitee, member, await buildPerson(guildhall)])
      expect(await take(invitation, guildhall.api.as(token))).toMatchObject(refusal(403, "program_only"));
    expect((await take(invitation, guildhall.api.as(null))).status).toBe(401);
    expect(await eventTypesOf(guildhall, invitation.id)).toEqual(["invitation.created"]);
  });

  test("no program takes a link without its scope or in another environment", async () => {
    const invitation = await unsent();
    const inviting = await buildProgram(
      guildhall,
      "invitations:read",
      "invitations:write",
      "memberships:write",
    );
    expect(await take(invitation, inviting)).toMatchObject(refusal(403, "scope_missing"));
    await buildPerson(guildhall, { environment: "globex" });
    expect(await take(invitation, guildhall.api.in("globex"))).toMatchObject(refusal(404, "not_found"));
  });

  test("an unknown invitation's link is a 404", async () => {
    const missing = { path: `/api/invitations/${newId("inv")}` };
    for (const by of [guildhall.api, program])
      expect(await take(missing, by)).toMatchObject(refusal(404, "not_found"));
  });

  test.each(["accepted", "declined", "revoked", "expired"] as const)(
    "the link of an invitation that is %s is refused",
    async (state) => {
      const invitation = await unsent();
      if (state === "revoked") await guildhall.api.post(`${invitation.path}/revoke`);
      else if (state === "expired") await expiresIn(guildhall, invitation.id, -1);
      else await answerByLink(guildhall, invitation, state === "accepted" ? "accept" : "decline");
      expect(await take(invitation)).toMatchObject(refusal(409, `invitation_${state}`));
      expect(await eventTypesOf(guildhall, invitation.id)).not.toContain("invitation.link_copied");
    },
  );
});
