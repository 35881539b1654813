import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as remindersByDay from "../migrations/0011-reminders-by-day.ts";
import { remindInvitees } from "../src/invitations/remind-invitees.ts";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  answerByLink,
  deliveriesOf,
  eventTypesOf,
  expiresIn,
  type Invited,
  invited,
  letCoolDown,
  sendDue,
} from "./support/invitations.ts";
import { tokenIn } from "./support/mailbox.ts";

const guildhall = useGuildhall();
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall, { first_name: "Ada" }));
});
/** Clears what earlier tests left, and resets the environment's settings. */
beforeEach(async () => {
  const { db } = guildhall;
  await db("mail_deliveries")
    .whereNotNull("sent_at")
    .orWhereNotNull("due_at")
    .update({ sent_at: null, due_at: null });
  await guildhall.db("environments").update({ settings: {} });
});

const remind = (aborted = () => false) => remindInvitees(guildhall.db, aborted);
const remindOn = (reminder_days: number[]) =>
  guildhall
    .db("environments")
    .where({ id: organization.environment_id })
    .update({ settings: { reminder_days } });

/** Moves an invitation's newest email back in time. */
async function leftAgo({ id }: Pick<Invited, "id">, days: number, hours = 0): Promise<void> {
  const { db } = guildhall;
  const sent_at = db.raw("now() - make_interval(days => ?, hours => ?)", [days, hours]);
  const newest = db("mail_deliveries").where({ invitation_id: id, kind: "invitation" }).max("seq");
  await db("mail_deliveries")
    .where({ invitation_id: id, kind: "invitation", seq: newest, state: "sent" })
    .update({ sent_at });
}

/** An invitation whose email left so long ago. */
async function mailed(
  days: number,
  hours = 1,
  options: Parameters<typeof invited>[2] = {},
): Promise<Invited> {
  const invitation = await invited(guildhall, organization, options);
  await sendDue(guildhall);
  await leftAgo(invitation, days, hours);
  return invitation;
}

async function remindersOf({ id }: Invited) {
  return (await deliveriesOf(guildhall, id)).filter(({ kind }) => kind === "invitation-reminder");
}

describe("a reminder", () => {
  test("has the same link as the invitation's email, in the same thread", async () => {
    const { id, email } = await mailed(2);
    expect(await remind()).toBe(1);
    await sendDue(guildhall);
    const first = await guildhall.mailbox.waitFor(email);
    const { mail, source, ...rest } = await guildhall.mailbox.waitFor(email, 2);
    expect(tokenIn({ mail, source, ...rest })).toBe(tokenIn(first));
    expect(mail.inReplyTo).toBe(first.mail.messageId);
    expect(mail.references).toBe(first.mail.messageId);
    expect(mail.messageId).toMatch(/^<dlv_\w+@guildhall\.test>$/);
    expect(mail.messageId).not.toBe(first.mail.messageId);
    expect(mail.subject).toMatch(/^Reminder: join Acme Corp/);
    expect(await eventTypesOf(guildhall, id)).toEqual(["invitation.created", "invitation.reminded"]);
    expect((await answerByLink(guildhall, { id }, "accept")).status).toBe(200);
  });

  test("the first email is not a reply", async () => {
    const { email } = await mailed(0);
    const { mail } = await guildhall.mailbox.waitFor(email);
    expect([mail.inReplyTo, mail.references]).toEqual([undefined, undefined]);
  });

  test("is in the invitation's language", async () => {
    const { email } = await mailed(2, 1, { locale: "de" });
    await remind();
    await sendDue(guildhall);
    const { mail } = await guildhall.mailbox.waitFor(email, 2);
    expect(mail.subject).toMatch(/^Erinnerung: /);
    expect(mail.html).toContain('lang="de"');
  });

  test("is listed among the deliveries, and keeps the delivery status", async () => {
    const invitation = await mailed(2);
    await remind();
    const { body } = await guildhall.api.get(`${invitation.path}/deliveries`);
    expect(body.data.map((delivery: { attributes: { kind: string } }) => delivery.attributes.kind)).toEqual([
      "invitation",
      "invitation-reminder",
    ]);
    const read = await guildhall.api.get(invitation.path);
    expect(read.body.data.attributes.delivery_status).toBe("sent");
  });
});

describe("reminders are due", () => {
  test.each([
    [1, 23, 0],
    [2, 0, 1],
    [2, 23, 1],
    [3, 1, 0],
    [4, 23, 0],
    [5, 1, 1],
    [6, 1, 0],
    [30, 0, 0],
  ])("2 and 5 days after the email: after %i days and %i hours there are %i", async (days, hours, count) => {
    await mailed(days, hours);
    expect(await remind()).toBe(count);
  });

  test("once on each day, from the first to the last", async () => {
    const invitation = await mailed(0);
    let written = 0;
    for (let hour = 0; hour < 24 * 7; hour += 6) {
      await leftAgo(invitation, 0, hour);
      written += await remind();
    }
    expect(written).toBe(2);
    expect((await remindersOf(invitation)).map(({ seq }) => seq)).toEqual([2, 5]);
  });

  test("on the environment's own days", async () => {
    await remindOn([1, 3, 6]);
    const days = await Promise.all([1, 2, 3, 5, 6].map((day) => mailed(day)));
    expect(await remind()).toBe(3);
    const counts = await Promise.all(days.map(async (each) => (await remindersOf(each)).length));
    expect(counts).toEqual([1, 0, 1, 0, 1]);
  });

  test("on the current days, once each, even if they change in between", async () => {
    const invitation = await mailed(1);
    const days: Array<[day: number, reminder_days: number[], written: number]> = [
      [1, [1, 2, 5], 1],
      [2, [1, 2, 5], 1],
      [2, [2], 0],
      [5, [5], 1],
      [5, [1, 2, 5], 0],
      [6, [3, 4, 5, 6], 1],
      [6, [6], 0],
    ];
    for (const [day, reminder_days, written] of days) {
      await remindOn(reminder_days);
      await leftAgo(invitation, day, 1);
      expect(await remind(), `on day ${day} of ${reminder_days}`).toBe(written);
    }
    expect((await remindersOf(invitation)).map(({ seq }) => seq)).toEqual([1, 2, 5, 6]);
  });

  test("never if the environment has no reminder days", async () => {
    await remindOn([]);
    await mailed(2);
    await mailed(5);
    expect(await remind()).toBe(0);
  });

  test("by the days of each environment", async () => {
    const elsewhere = await buildPerson(guildhall, { environment: "globex" });
    const there = await buildOrganization(guildhall, elsewhere);
    const api = guildhall.api.in("globex");
    const theirs = await invited({ ...guildhall, api }, there, { by: api });
    await sendDue(guildhall);
    await leftAgo(theirs, 2, 1);
    await remindOn([]);
    await mailed(2);
    expect(await remind()).toBe(1);
    expect(await remindersOf(theirs)).toHaveLength(1);
  });

  test("after resending by the newest email's date", async () => {
    const invitation = await mailed(2);
    expect(await remind()).toBe(1);
    await letCoolDown(guildhall, invitation.id);
    expect((await guildhall.api.post(`${invitation.path}/resend`)).status).toBe(200);
    expect(await remind()).toBe(0);
    await sendDue(guildhall);
    expect(await remind()).toBe(0);
    await leftAgo(invitation, 2, 1);
    expect(await remind()).toBe(1);
    expect((await remindersOf(invitation)).map(({ seq }) => seq)).toEqual([2, 1_002]);
    await sendDue(guildhall);
    // The first reminder was recorded and never left, because the newer email replaced it.
    const [, second, reminder] = await Promise.all(
      [1, 2, 3].map((nth) => guildhall.mailbox.waitFor(invitation.email, nth)),
    );
    expect(second && reminder && tokenIn(second) === tokenIn(reminder)).toBe(true);
    expect(reminder?.mail.inReplyTo).toBe(second?.mail.messageId);
  });
});

describe("no reminder is sent", () => {
  test("again for one recorded before days were counted", async () => {
    const { db } = guildhall;
    await remindOn([2, 5, 9]);
    const [once, twice] = [await mailed(2), await mailed(5)];
    await remind();
    const reminder = (await remindersOf(twice))[0];
    await db("mail_deliveries").where({ id: reminder.id }).update({ seq: 12 });
    await db("mail_deliveries").insert({ ...reminder, id: newId("dlv"), seq: 2, timeline: "[]" });
    await db("mail_deliveries")
      .where({ invitation_id: once.id, kind: "invitation-reminder" })
      .update({ seq: 1 });
    const seqs = async (invitation: Invited) =>
      (await remindersOf(invitation)).map(({ seq }) => seq).sort((one, other) => one - other);
    await remindersByDay.up(db);
    expect(await seqs(once)).toEqual([2]);
    expect(await seqs(twice)).toEqual([5, 1_005]);
    expect(await remind()).toBe(0);
  });

  test.each(["accepted", "declined", "revoked", "overdue"])("for an invitation that is %s", async (state) => {
    const invitation = await mailed(2);
    if (state === "revoked") await guildhall.api.post(`${invitation.path}/revoke`);
    else if (state === "overdue") await expiresIn(guildhall, invitation.id, -1);
    else await answerByLink(guildhall, invitation, state === "accepted" ? "accept" : "decline");
    expect(await remind()).toBe(0);
  });

  test.each(["pending", "sending", "failed", "suppressed", "unknown"])(
    "if the email is %s, because it may never have arrived",
    async (state) => {
      const { id } = await mailed(2);
      await guildhall.db("mail_deliveries").where({ invitation_id: id }).update({ state });
      expect(await remind()).toBe(0);
      await guildhall.db("mail_deliveries").where({ state: "sending" }).update({ state: "unknown" });
    },
  );

  test("by an organization that is being deleted", async () => {
    const doomed = await buildOrganization(guildhall, await buildPerson(guildhall));
    const invitation = await invited(guildhall, doomed);
    await sendDue(guildhall);
    await leftAgo(invitation, 2, 1);
    await guildhall.db("organizations").where({ id: doomed.id }).update({ deleting_at: new Date() });
    expect(await remind()).toBe(0);
  });

  test("twice on a day, even if the job runs again", async () => {
    const invitation = await mailed(2);
    expect([await remind(), await remind(), await remind()]).toEqual([1, 0, 0]);
    expect(await remindersOf(invitation)).toHaveLength(1);
  });

  test("for older days if several were missed: only for the last", async () => {
    await remindOn([1, 2, 3]);
    const invitation = await mailed(3);
    expect(await remind()).toBe(1);
    // Even if the clock is put back, the days before are done.
    await leftAgo(invitation, 2, 1);
    expect(await remind()).toBe(0);
    expect(await remindersOf(invitation)).toMatchObject([{ seq: 3 }]);
  });

  test("more than a day late", async () => {
    await mailed(3, 1);
    await mailed(6, 1);
    expect(await remind()).toBe(0);
  });
});

describe("an obsolete reminder is not sent", () => {
  test.each(["accept", "decline"] as const)("after %s", async (how) => {
    const invitation = await mailed(2);
    await remind();
    await answerByLink(guildhall, invitation, how);
    await sendDue(guildhall);
    const reply = `not sent: the invitation was ${how === "accept" ? "accepted" : "declined"}`;
    expect(await remindersOf(invitation)).toMatchObject([{ state: "suppressed", reply }]);
  });

  test.each([
    [
      "revoking",
      (id: string) => guildhall.api.post(`/api/invitations/${id}/revoke`),
      "the invitation was revoked",
    ],
    ["expiry", (id: string) => expiresIn(guildhall, id, -1), "the invitation had expired"],
    [
      "resending",
      async (id: string) => {
        await letCoolDown(guildhall, id);
        await guildhall.api.post(`/api/invitations/${id}/resend`);
      },
      "a newer email replaced it",
    ],
    [
      "opting out",
      async (id: string) => {
        const { environment_id, email_canonical } = await guildhall.db("invitations").where({ id }).first();
        const row = { id: newId("sup"), environment_id, email_canonical, reason: "opted_out" };
        await guildhall.db("suppressions").insert(row);
      },
      "the address is suppressed",
    ],
  ])("after %s", async (_, happen, reason) => {
    const invitation = await mailed(2);
    await remind();
    await happen(invitation.id);
    await sendDue(guildhall);
    const reminders = guildhall.mailbox.received.filter(
      ({ to, mail }) => to.includes(invitation.email) && mail.subject?.startsWith("Reminder"),
    );
    expect(reminders).toEqual([]);
    expect(await remindersOf(invitation)).toMatchObject([
      { state: "suppressed", reply: `not sent: ${reason}` },
    ]);
  });
});

describe("many reminders", { timeout: 60_000 }, () => {
  /** Inserts so many pending invitations whose emails left so many days ago by SQL. */
  async function manyMailed(count: number): Promise<string[]> {
    const { environment_id, id: organization_id } = organization;
    const { db } = guildhall;
    const rows = Array.from({ length: count }, () => {
      const email = uniqueEmail();
      const row = { id: newId("inv"), environment_id, organization_id, email, email_canonical: email };
      return { ...row, expires_at: new Date(Date.now() + 86_400_000) };
    });
    await db.batchInsert("invitations", rows);
    const mails = rows.map(({ id, email }) => ({
      id: newId("dlv"),
      environment_id,
      invitation_id: id,
      kind: "invitation",
      email,
      email_canonical: email,
      state: "sent",
      due_at: null,
      sent_at: db.raw("now() - interval '2 days 1 hour'"),
    }));
    await db.batchInsert("mail_deliveries", mails as object[], 500);
    return rows.map(({ id }) => id);
  }
  const remindedOf = (ids: string[]) =>
    guildhall.db("mail_deliveries").whereIn("invitation_id", ids).where({ kind: "invitation-reminder" });

  test("are sent in batches, once each, with one event each", async () => {
    const ids = await manyMailed(1_200);
    expect(await remind()).toBe(1_200);
    expect(await remindedOf(ids)).toHaveLength(1_200);
    const events = await guildhall.db("events").whereIn("subject_id", ids).pluck("type");
    expect(events).toEqual(Array(1_200).fill("invitation.reminded"));
  });

  test("are sent once each by three workers at the same moment", async () => {
    const ids = await manyMailed(700);
    const totals = await Promise.all([remind(), remind(), remind()]);
    expect(totals.reduce((sum, n) => sum + n) + (await remind())).toBe(700);
    expect(await remindedOf(ids)).toHaveLength(700);
    expect(await guildhall.db("events").whereIn("subject_id", ids)).toHaveLength(700);
  });

  test("are left to the next run when the process stops", async () => {
    await manyMailed(700);
    let batches = 0;
    expect(await remind(() => batches++ >= 1)).toBe(500);
    expect(await remind()).toBe(200);
  });
});

describe("the reminder_days setting", () => {
  const set = (settings: object) => {
    const id = organization.environment_id;
    return guildhall.api.patch(`/api/environments/${id}`, {
      data: { type: "environment", id, attributes: { settings } },
    });
  };

  test.each([[[]], [[1]], [[1, 365]], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]])(
    "accepts %j",
    async (reminder_days) => {
      const { status, body } = await set({ reminder_days });
      expect([status, body.data.attributes.settings.reminder_days]).toEqual([200, reminder_days]);
    },
  );

  test.each([
    [[2, 1]],
    [[1, 1]],
    [[0]],
    [[366]],
    [[1.5]],
    [["1"]],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ["2,5"],
    [5],
  ])("refuses %j with a pointer", async (reminder_days) => {
    const { status, body } = await set({ reminder_days });
    expect(status).toBe(422);
    expect(body.errors[0].source.pointer).toMatch(/^\/data\/attributes\/settings\/reminder_days/);
  });

  test("returns to the default when it is set to null", async () => {
    await set({ reminder_days: [] });
    await mailed(2);
    expect(await remind()).toBe(0);
    const { body } = await set({ reminder_days: null });
    expect(body.data.attributes.settings).not.toHaveProperty("reminder_days");
    expect(await remind()).toBe(1);
  });

  test("can be set when the environment is created", async () => {
    const attributes = { handle: `reminding-${process.pid}`, name: "R", settings: { reminder_days: [9] } };
    const made = await guildhall.api.post("/api/environments", { data: { type: "environment", attributes } });
    expect(made.body.data.attributes.settings).toEqual({ reminder_days: [9] });
  });
});
