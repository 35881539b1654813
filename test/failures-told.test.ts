import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimDeliveries, LEASE_SECONDS } from "../src/mail/claim-deliveries.ts";
import { failed } from "../src/mail/outcome.ts";
import { recordOutcomes } from "../src/mail/record-outcomes.ts";
import { type FailureCause, failureCause } from "../src/mail/replies.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, type Person, uniqueEmail } from "./support/builders.ts";
import { capturedLog } from "./support/captured-log.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { deliveriesOf, eventsOf, type Invited, invited, sendDue } from "./support/invitations.ts";
import { MAIL_EVENTS_SECRET, tell } from "./support/provider.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "./support/scripted-smtp.ts";

let smtp: ScriptedSmtp;
let guildhall: Guildhall;
let owner: Person;
let organization: Organization;

beforeAll(async () => {
  smtp = await startScriptedSmtp();
  guildhall = await startGuildhall({ settings: { SMTP_URL: smtp.url, MAIL_EVENTS_SECRET } });
});
afterAll(async () => {
  await guildhall.stop();
  await smtp.stop();
});
beforeEach(async () => {
  smtp.reset();
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
  await guildhall.db("environments").update({ settings: {} });
});

const NO_MAILBOX = "550 5.1.1 no such user";
const byOwner = (email = uniqueEmail()) =>
  invited(guildhall, organization, { by: guildhall.api.as(owner.token), email });
const noticesOf = () =>
  guildhall
    .db("mail_deliveries")
    .where({ kind: "invitation-undelivered", email: owner.user.email })
    .orderBy("created_at");
const suppress = (email: string, reason: string) =>
  guildhall.api.post("/api/suppressions", { data: { type: "suppression", attributes: { email, reason } } });

/** The text of each email the inviter got, as one line. */
function textsToOwner(): string[] {
  const theirs = smtp.kept.filter(({ to }) => to.includes(owner.user.email));
  return theirs.map(({ source }) => source.replaceAll(/=\r?\n/g, "").replaceAll(/\s+/g, " "));
}

/** An invitation whose email is refused like this; everything that follows is sent. */
async function refusedBy(reply: `${number} ${string}`, email?: string): Promise<Invited> {
  const invitation = await byOwner(email);
  smtp.script({ at: "rcpt", does: reply });
  await sendDue(guildhall);
  await sendDue(guildhall);
  return invitation;
}

/** The event's data about an invitation's email. */
async function failureOf({ id }: Invited) {
  const [delivery] = await deliveriesOf(guildhall, id);
  const events = await eventsOf(guildhall, delivery.id);
  return events.map(({ type, organization_id, data }) => ({ type, organization_id, data }));
}

/** Reports a permanent bounce of an email that had left. */
async function bounces({ id, email }: Invited, detail?: string) {
  const [{ message_id }] = await deliveriesOf(guildhall, id);
  const event = { type: "bounced", message_id, email, permanent: true, ...(detail && { detail }) };
  return tell(guildhall.api.origin, { events: [event] });
}

describe("an email that is refused permanently", () => {
  test("a failed email is an event with its kind, address, reply and cause", async () => {
    const invitation = await refusedBy(NO_MAILBOX);
    expect(await failureOf(invitation)).toEqual([
      {
        type: "delivery.failed",
        organization_id: organization.id,
        data: {
          kind: "invitation",
          email: invitation.email,
          invitation_id: invitation.id,
          cause: "mailbox_missing",
          smtp_code: 550,
          reply: NO_MAILBOX,
        },
      },
    ]);
    const { body } = await guildhall.api
      .as(owner.token)
      .get(`/api/events?filter[type]=delivery.failed&filter[organization]=${organization.id}`);
    expect(body.data).toHaveLength(1);
  });

  test.each([
    [NO_MAILBOX, /This mailbox does not exist/],
    ["552 5.2.2 over quota", /The mailbox is full/],
    ["552 5.3.4 this is too large for us", /The recipient's mail server refused the email/],
  ] as const)("the inviter gets a notice with the reason and what to do: %s", async (reply, reason) => {
    const { email } = await refusedBy(reply);
    const [text, ...more] = textsToOwner();
    expect(more).toEqual([]);
    expect(text).toContain(`Your invitation to ${email} could not be delivered`);
    expect(text).toMatch(reason);
    expect(text).toMatch(/Check the address.*withdraw the invitation and send a new one/);
  });

  test("no notice if the environment switched it off or a program invited", async () => {
    await guildhall.db("environments").update({ settings: { notify_inviter: { undelivered: false } } });
    await refusedBy(NO_MAILBOX);
    expect(await noticesOf()).toEqual([]);
    await guildhall.db("environments").update({ settings: {} });
    await invited(guildhall, organization);
    smtp.script({ at: "rcpt", does: NO_MAILBOX });
    await sendDue(guildhall);
    expect(
      await guildhall.db("mail_deliveries").where({ kind: "invitation-undelivered" }),
    ).not.toContainEqual(expect.objectContaining({ organization_id: organization.id }));
  });

  test("no notice of a failed email once the invitation is answered", async () => {
    const { id } = await byOwner();
    const [held] = await claimDeliveries(guildhall.db, {
      limit: 1,
      seconds: LEASE_SECONDS,
      domain: "guildhall.test",
    });
    await guildhall.api.post(`/api/invitations/${id}/revoke`);
    await recordOutcomes(guildhall.db, [
      { id: held?.id ?? "", attempts: 1, ...failed(refusal(NO_MAILBOX), 1, 0) },
    ]);
    expect(await noticesOf()).toEqual([]);
  });
});

const refusal = (reply: string) => ({
  code: "EENVELOPE",
  command: "RCPT TO",
  responseCode: Number.parseInt(reply, 10),
  reply,
  senderAccepted: true,
  dataAccepted: false,
});

test.each(["bounced", "complained", "opted_out"])(
  "an email not sent to a suppressed address is reported alike: %s",
  async (reason) => {
    const email = uniqueEmail();
    await suppress(email, reason);
    const invitation = await byOwner(email);
    await sendDue(guildhall);
    await sendDue(guildhall);
    expect(await failureOf(invitation)).toMatchObject([
      {
        type: "delivery.failed",
        data: { cause: "suppressed", reply: "not sent: the address is suppressed" },
      },
    ]);
    expect(textsToOwner()).toEqual([
      expect.stringMatching(/could not be delivered, or its owner asked us to stop/),
    ]);
  },
);

test("an email that bounces later is an event of its own and a notice", async () => {
  const invitation = await byOwner();
  await sendDue(guildhall);
  await bounces(invitation, "smtp; 550 5.2.2 mailbox full");
  await bounces(invitation, "once more");
  await sendDue(guildhall);
  expect(await failureOf(invitation)).toMatchObject([
    {
      type: "delivery.bounced",
      data: { kind: "invitation", email: invitation.email, cause: "mailbox_full" },
    },
  ]);
  expect(textsToOwner()).toEqual([expect.stringMatching(/The mailbox is full/)]);
});

test("a bounce after a failure makes no second notice", async () => {
  await bounces(await refusedBy(NO_MAILBOX), "550 5.1.1 no such user");
  await sendDue(guildhall);
  expect(await noticesOf()).toHaveLength(1);
});

test("a notice that fails is an event and causes no further notice", async () => {
  await suppress(owner.user.email, "bounced");
  await refusedBy(NO_MAILBOX);
  const [notice, ...more] = await noticesOf();
  expect(more).toEqual([]);
  expect(notice.state).toBe("suppressed");
  expect(await eventsOf(guildhall, notice.id)).toMatchObject([
    { type: "delivery.failed", data: { kind: "invitation-undelivered", email: owner.user.email } },
  ]);
});

test("a thousand failures make one notice at once and one an hour later", async () => {
  await refusedBy(NO_MAILBOX);
  const rest = await Promise.all(Array.from({ length: 30 }, () => byOwner()));
  const held = await claimDeliveries(guildhall.db, {
    limit: 30,
    seconds: LEASE_SECONDS,
    domain: "guildhall.test",
  });
  const outcomes = held.map(({ id }) => ({ id, attempts: 1, ...failed(refusal(NO_MAILBOX), 1, 0) }));
  // Like ten workers, each with some of the emails.
  await Promise.all(
    Array.from({ length: 10 }, (_, n) => recordOutcomes(guildhall.db, outcomes.slice(3 * n, 3 * n + 3))),
  );
  const [first, second, ...more] = await noticesOf();
  expect(more).toEqual([]);
  expect(first).toMatchObject({ state: "sent", about: { count: 1 } });
  expect(second).toMatchObject({ state: "pending", about: { count: rest.length } });
  expect(second.due_at.getTime() - first.created_at.getTime()).toBe(3_600_000);
  await guildhall.db("mail_deliveries").where({ id: second.id }).update({ due_at: guildhall.db.fn.now() });
  await sendDue(guildhall);
  const text = textsToOwner()[1] ?? "";
  expect(text).toContain("could not be delivered: 10");
  expect(text.match(/This mailbox does not exist/g)?.length).toBe(20 * 2);
});

test("an email that may have arrived causes no event and no notice", async () => {
  const { id } = await byOwner();
  const [held] = await claimDeliveries(guildhall.db, {
    limit: 1,
    seconds: LEASE_SECONDS,
    domain: "guildhall.test",
  });
  const silence = { ...refusal("Connection closed"), responseCode: null, dataAccepted: true };
  await recordOutcomes(guildhall.db, [{ id: held?.id ?? "", attempts: 1, ...failed(silence, 1, 1) }]);
  const [delivery] = await deliveriesOf(guildhall, id);
  expect(delivery).toMatchObject({ state: "unknown", due_at: null });
  expect(await eventsOf(guildhall, delivery.id)).toEqual([]);
  expect(await noticesOf()).toEqual([]);
  const { body } = await guildhall.api.get("/api/invitations?filter[delivery_status]=unknown");
  expect(body.data).toMatchObject([{ id }]);
});

test("a waiting notice survives the deletion of its first invitation", async () => {
  await refusedBy(NO_MAILBOX);
  const [deleted, left] = [await refusedBy(NO_MAILBOX), await refusedBy(NO_MAILBOX)];
  await guildhall.api.post(`${deleted.path}/revoke`);
  expect((await guildhall.api.delete(deleted.path)).status).toBe(204);
  const [, waiting] = await noticesOf();
  expect(waiting).toMatchObject({ invitation_id: left.id, state: "pending" });
  await guildhall.db("mail_deliveries").where({ id: waiting.id }).update({ due_at: guildhall.db.fn.now() });
  await sendDue(guildhall);
  const text = textsToOwner()[1];
  expect(text).toContain(deleted.email);
  expect(text).toContain(left.email);
});

test.each<[string, FailureCause]>([
  [
    "550 5.1.1 <a@b.test>: Recipient address rejected: User unknown in virtual mailbox table",
    "mailbox_missing",
  ],
  ["550-5.1.1 The email account that you tried to reach does not exist.", "mailbox_missing"],
  ["550 No such user here", "mailbox_missing"],
  ["550 Requested action not taken: mailbox unavailable", "mailbox_missing"],
  ["550 5.1.2 bad destination host", "mailbox_missing"],
  ["452 4.2.2 The recipient's inbox is out of storage space", "mailbox_full"],
  ["552 Mailbox quota exceeded", "mailbox_full"],
  ["552 5.3.4 Message size exceeds fixed limit", "refused"],
  ["550 5.7.1 Unauthenticated email is not accepted from this domain", "refused"],
  ["554 no", "refused"],
  ["450 4.2.0 greylisted", "not_reached"],
])("the cause of a failure is read from the reply: %s", (reply, cause) => {
  expect(failureCause({ code: Number.parseInt(reply, 10), reply })).toBe(cause);
});

test("an email that no server ever answered was not reached", () => {
  expect(failureCause({ code: null, reply: "Connection closed" })).toBe("not_reached");
});

test("failures are one log line per cause and minute, without the address", async () => {
  const { log, lines } = capturedLog();
  const other = await startGuildhall({ log, settings: { SMTP_URL: smtp.url, MAIL_EVENTS_SECRET } });
  const to = await buildOrganization(other, await buildPerson(other));
  const emails = Array.from({ length: 4 }, uniqueEmail);
  const ids: string[] = [];
  for (const email of emails) {
    smtp.script({ at: "rcpt", does: ids.length < 2 ? `552 5.3.4 <${email}>: too large` : "250 ok" });
    if (ids.length === 2)
      await other.api.post("/api/suppressions", {
        data: { type: "suppression", attributes: { email, reason: "opted_out" } },
      });
    const { id } = await invited(other, to, { email });
    await sendDue(other);
    ids.push((await deliveriesOf(other, id))[0].id);
  }
  const { message_id } = await other.db("mail_deliveries").where({ id: ids[3] }).first();
  const event = { type: "bounced", message_id, email: emails[3], permanent: true, detail: NO_MAILBOX };
  await tell(other.api.origin, { events: [event, { type: "bounced" }] });
  await other.stop();
  expect(lines).toMatchObject([
    { level: 40, msg: "an email can't be delivered", delivery: ids[0], cause: "refused", smtp_code: 552 },
    { level: 40, msg: "an email can't be delivered", delivery: ids[2], cause: "suppressed" },
    { level: 40, msg: "an email that had left has bounced", delivery: ids[3], cause: "mailbox_missing" },
    { level: 40, msg: "an event reported to /mail-events can't be read", index: 1 },
  ]);
  for (const email of emails) expect(JSON.stringify(lines)).not.toContain(email);
});

test("a problem on the sending side is logged without the address", async () => {
  const { log, lines } = capturedLog();
  const other = await startGuildhall({ log, settings: { SMTP_URL: smtp.url } });
  const to = await buildOrganization(other, await buildPerson(other));
  const email = uniqueEmail();
  smtp.script({ at: "rcpt", does: `550 5.7.54 <${email}>: relaying denied` });
  await invited(other, to, { email });
  await sendDue(other);
  await other.stop();
  expect(lines).toMatchObject([
    { level: 40, smtp_code: 550, reply: "550 5.7.54 <<address>>: relaying denied" },
  ]);
  expect(JSON.stringify(lines)).not.toContain(email);
});
