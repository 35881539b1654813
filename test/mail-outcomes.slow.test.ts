import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { createDeliveryRunner } from "../src/mail/delivery-runner.ts";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { type Failure, failed, RETRY_DELAYS, sent } from "../src/mail/outcome.ts";
import type { MailDelivery } from "../src/models/mail-delivery.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { type Fault, type ScriptedSmtp, startScriptedSmtp } from "./support/scripted-smtp.ts";

let smtp: ScriptedSmtp;
let guildhall: Guildhall;
let organization: Organization;

async function start(...extensions: string[]): Promise<void> {
  smtp = await startScriptedSmtp(...extensions);
  guildhall = await startGuildhall({ settings: { SMTP_URL: smtp.url } });
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
}
async function stop(): Promise<void> {
  await guildhall.jobContext.deliveries.stop(0);
  await guildhall.stop();
  await smtp.stop();
}
/** Each test begins with a healthy server, a worker that isn't pausing, and no other test's email due. */
async function reset(): Promise<void> {
  const { jobContext, context, db } = guildhall;
  await jobContext.deliveries.stop(0);
  smtp.reset();
  await db("mail_deliveries").update({ due_at: null });
  jobContext.deliveries = createDeliveryRunner({
    ...context,
    renderer: createMailRenderer(inject("mailSources")),
  });
}

const lost = { state: "pending", attempts: 1, ambiguous_attempts: 0, smtp_code: null, wait: 15 };
/** Not the email's fault: it stays due, and sending pauses. */
const heldUp = (smtp_code: number | null) => ({ ...lost, smtp_code, attempts: 0, wait: 0 });
const uncertain = { state: "unknown", attempts: 1, ambiguous_attempts: 1, smtp_code: null, wait: 600 };
const deferred = (smtp_code: number | null) => ({ ...lost, smtp_code });
const refused = (smtp_code: number) => ({ ...lost, state: "failed", smtp_code, wait: null });

interface More {
  /**
   * The number of connections that meet the fault: nodemailer itself retries once if a connection ends before the
   * greeting.
   */
  times?: number;
  kept?: number;
  suppressed?: boolean;
}

const TABLE: Array<[what: string, fault: Fault, row: object, more?: More]> = [
  ["cut before the greeting", { at: "greeting", does: "cut" }, heldUp(null), { times: 2 }],
  ["cut on EHLO", { at: "ehlo", does: "cut" }, heldUp(null)],
  ["cut on MAIL", { at: "mail", does: "cut" }, heldUp(null)],
  ["cut on RCPT", { at: "rcpt", does: "cut" }, heldUp(null)],
  ["cut on DATA", { at: "data", does: "cut" }, heldUp(null)],
  ["cut in the body", { at: "body", does: "cut" }, uncertain],
  ["cut after the dot", { at: "dot", does: "cut" }, uncertain],
  ["kept, then cut", { at: "dot", does: "cut", keeps: true }, uncertain, { kept: 1 }],
  ["421 at the greeting", { at: "greeting", does: "421 busy" }, heldUp(421)],
  ["554 at the greeting", { at: "greeting", does: "554 no" }, heldUp(554)],
  ["535 to our password", { at: "auth", does: "535 no" }, heldUp(535)],
  ["530 on MAIL", { at: "mail", does: "530 log in first" }, heldUp(530)],
  ["530 on RCPT", { at: "rcpt", does: "530 log in first" }, heldUp(530)],
  ["451 on MAIL", { at: "mail", does: "451 later" }, heldUp(451)],
  ["550 on MAIL", { at: "mail", does: "550 not you" }, heldUp(550)],
  ["552 on MAIL", { at: "mail", does: "552 too big" }, refused(552)],
  ["450 on RCPT", { at: "rcpt", does: "450 later" }, deferred(450)],
  ["550 on RCPT", { at: "rcpt", does: "550 nobody here" }, refused(550), { suppressed: true }],
  ["452 on DATA", { at: "data", does: "452 full" }, deferred(452)],
  ["550 about our sender on RCPT", { at: "rcpt", does: "550 5.1.8 Sender address rejected" }, heldUp(550)],
  ["550 about a full mailbox on RCPT", { at: "rcpt", does: "550 5.2.2 full" }, refused(550)],
  ["554 on DATA", { at: "data", does: "554 no" }, heldUp(554)],
  ["421 after the dot", { at: "dot", does: "421 bye" }, deferred(421)],
  ["451 after the dot", { at: "dot", does: "451 later" }, deferred(451)],
  ["552 after the dot", { at: "dot", does: "552 too big" }, refused(552)],
];

describe.each([
  ["that wants every command confirmed", []],
  ["that takes several commands at once", ["PIPELINING"]],
])("one attempt at a server %s", (_, extensions) => {
  beforeAll(() => start("AUTH PLAIN", ...extensions));
  afterAll(stop);
  beforeEach(reset);

  test.each(TABLE)("%s", async (_, fault, row, { times = 1, kept = 0, suppressed = false } = {}) => {
    smtp.script(...Array.from({ length: times }, () => fault));
    const delivery = await inviteAndAttempt(uniqueEmail());
    expect(delivery).toMatchObject({ ...row, sent_at: null });
    expect(smtp.kept).toHaveLength(kept);
    expect(await isSuppressed(delivery.email)).toBe(suppressed);
  });

  test("an accepted email keeps the server's reply as proof", async () => {
    const delivery = await inviteAndAttempt(uniqueEmail());
    const proof = { state: "sent", attempts: 1, smtp_code: 250, reply: "250 kept", wait: null };
    expect(delivery).toMatchObject(proof);
    expect(delivery.sent_at).toBeInstanceOf(Date);
    expect(smtp.kept).toHaveLength(1);
  });
});

describe("a server that doesn't answer", () => {
  beforeAll(() => start());
  afterAll(stop);
  beforeEach(reset);

  test("a server that refuses connections costs no attempt", async () => {
    const down = await startScriptedSmtp();
    await down.stop();
    const other = await startGuildhall({ settings: { SMTP_URL: down.url } });
    const ours = await buildOrganization(other, await buildPerson(other));
    expect(await inviteAndAttempt(uniqueEmail(), other, ours)).toMatchObject(heldUp(null));
    await other.stop();
  });

  test("a server that never greets is given up after a while", { timeout: 60_000 }, async () => {
    smtp.script({ at: "greeting", does: "silence" });
    expect(await inviteAndAttempt(uniqueEmail())).toMatchObject(heldUp(null));
  });
});

describe("attempts that follow", () => {
  beforeAll(() => start());
  afterAll(stop);
  beforeEach(reset);

  test.each([
    ["a NUL", "550 no\u0000body"],
    ["half a character at the end of what is kept", `550 nobody ${"x".repeat(488)}😀`],
    ["invalid text", "550 \ud800\u202e\u0007 nobody"],
    ["a very long text", `550 ${"nobody ".repeat(5_000)}`],
  ] as const)("a reply is kept as far as possible, even if it contains %s", async (_, reply) => {
    smtp.script({ at: "rcpt", does: reply });
    const delivery = await inviteAndAttempt(uniqueEmail());
    expect(delivery).toMatchObject({
      state: "failed",
      smtp_code: 550,
      reply: expect.stringMatching(/^550 /),
    });
    expect(delivery.reply?.length).toBeLessThanOrEqual(500);
  });

  test("an unknown outcome is sent once more with the same Message-ID, then settled", async () => {
    smtp.script({ at: "dot", does: "cut", keeps: true }, { at: "dot", does: "cut", keeps: true });
    const first = await inviteAndAttempt(uniqueEmail());
    expect(first).toMatchObject(uncertain);
    const second = await attemptAgain(first.id);
    expect(second).toMatchObject({ state: "unknown", attempts: 2, ambiguous_attempts: 2, wait: null });
    await guildhall.jobContext.deliveries.run();
    expect(smtp.kept).toHaveLength(2);
    expect(new Set(smtp.kept.map(identity)).size).toBe(1);
  });

  test("an email with an unknown outcome is not sent again before its time", async () => {
    smtp.script({ at: "dot", does: "cut" });
    const first = await inviteAndAttempt(uniqueEmail());
    await guildhall.jobContext.deliveries.run();
    expect(await read(first.id)).toEqual(first);
  });

  test("a deferral between two unknown outcomes doesn't cause a third copy", async () => {
    smtp.script({ at: "dot", does: "cut" }, { at: "rcpt", does: "450 later" }, { at: "dot", does: "cut" });
    const { id } = await inviteAndAttempt(uniqueEmail());
    expect(await attemptAgain(id)).toMatchObject({ state: "pending", ambiguous_attempts: 1 });
    expect(await attemptAgain(id)).toMatchObject({ state: "unknown", ambiguous_attempts: 2, wait: null });
  });

  test("an unknown outcome followed by a success is a success", async () => {
    smtp.script({ at: "body", does: "cut" });
    const { id } = await inviteAndAttempt(uniqueEmail());
    expect(await attemptAgain(id)).toMatchObject({ state: "sent", ambiguous_attempts: 1, wait: null });
  });

  test("an email that is deferred again and again follows the delays, then fails", async () => {
    smtp.script(...RETRY_DELAYS.map(() => ({ at: "rcpt", does: "450 later" }) as const));
    let delivery = await inviteAndAttempt(uniqueEmail());
    for (const [index, wait] of RETRY_DELAYS.entries()) {
      expect(delivery).toMatchObject({ state: "pending", attempts: index + 1, wait });
      if (index === RETRY_DELAYS.length - 1) smtp.script({ at: "rcpt", does: "450 never" });
      delivery = await attemptAgain(delivery.id);
    }
    expect(delivery).toMatchObject({ state: "failed", attempts: 11, smtp_code: 450, wait: null });
    expect(await isSuppressed(delivery.email)).toBe(false);
  });

  test("an address refused for good gets no more email in any spelling", async () => {
    smtp.script({ at: "rcpt", does: "550 nobody here" });
    const { email } = await inviteAndAttempt(uniqueEmail());
    const other = await buildOrganization(guildhall, await buildPerson(guildhall));
    const next = await inviteAndAttempt(email.toUpperCase(), guildhall, other);
    const reply = "not sent: the address is suppressed";
    expect(next).toMatchObject({ state: "suppressed", attempts: 0, reply, wait: null });
    expect(smtp.kept).toHaveLength(0);
  });

  test("an address refused in one environment may be emailed from another", async () => {
    smtp.script({ at: "rcpt", does: "550 nobody here" });
    const { email } = await inviteAndAttempt(uniqueEmail());
    const outsider = await buildPerson(guildhall, { environment: "elsewhere" });
    const theirs = await buildOrganization(guildhall, outsider);
    const elsewhere = { ...guildhall, api: guildhall.api.in("elsewhere") };
    expect(await inviteAndAttempt(email, elsewhere, theirs)).toMatchObject({ state: "sent" });
  });
});

describe("the judgment of a failed attempt", () => {
  const base: Failure = {
    code: "EENVELOPE",
    command: "RCPT TO",
    responseCode: 550,
    reply: "550 5.1.1 nobody here",
    senderAccepted: true,
    dataAccepted: false,
  };

  test.each<[string, Partial<Failure>, object]>([
    ["a mailbox that nobody has is final and suppresses", {}, { state: "failed", suppress: true }],
    [
      "a mailbox that is full is final for the email alone",
      { responseCode: 552, reply: "552 5.2.2 full" },
      { state: "failed", suppress: false },
    ],
    [
      "5xx on MAIL is about our sender, not about the email",
      { command: "MAIL FROM", senderAccepted: false },
      { state: "pending", retryAfter: 0, suppress: false, trouble: { cause: "sender" } },
    ],
    [
      "5xx on the message may be about us as well",
      { code: "EMESSAGE", command: "DATA", responseCode: 554, reply: "554 5.7.1 no" },
      { state: "pending", retryAfter: 0, suppress: false, trouble: { cause: "policy", about: "doubt" } },
    ],
    [
      "5xx on a login is our problem, not the address's",
      { code: "EAUTH", command: "AUTH", responseCode: 535, reply: "535 no", senderAccepted: false },
      { state: "pending", retryAfter: 0, trouble: { cause: "login" } },
    ],
    [
      "a server that can't be found isn't a certificate problem, whatever its name",
      {
        code: "EDNS",
        command: "CONN",
        responseCode: null,
        reply: "getaddrinfo ENOTFOUND ssl0.mail.example",
        senderAccepted: false,
      },
      { state: "pending", retryAfter: 0, trouble: { cause: "connection" } },
    ],
    [
      "4xx is temporary",
      { responseCode: 450, reply: "450 later" },
      { state: "pending", retryAfter: 15, suppress: false },
    ],
    [
      "a refusal after 354 is a refusal, without any doubt",
      { code: "EMESSAGE", responseCode: 451, reply: "451 later", dataAccepted: true },
      { state: "pending", ambiguous: false },
    ],
    [
      "354 and then silence is unknown",
      { code: "ETIMEDOUT", responseCode: null, dataAccepted: true },
      { state: "unknown", retryAfter: 600, ambiguous: true },
    ],
  ])("%s", (_, failure, outcome) => {
    expect(failed({ ...base, ...failure }, 1, 0)).toMatchObject(outcome);
  });

  test("an accepted email is settled", () => {
    expect(sent(250, "250 ok")).toMatchObject({ state: "sent", retryAfter: null, ambiguous: false });
  });
});

type Row = MailDelivery & { wait: number | null };

/** The row, with the seconds until the next attempt as of its last change. */
async function read(id: string, { db } = guildhall): Promise<Row> {
  const wait = db.raw("extract(epoch from due_at - updated_at)::int as wait");
  return db<Row>("mail_deliveries")
    .where({ id })
    .first("*", wait)
    .then((row) => row as Row);
}

async function attempt(id: string, at = guildhall): Promise<Row> {
  await at.jobContext.deliveries.run();
  for (;;) {
    const row = await read(id, at);
    if (row.state !== "sending") return row;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function inviteAndAttempt(email: string, at = guildhall, to = organization): Promise<Row> {
  const invited = await invite(at, to, email);
  expect(invited.status).toBe(201);
  const { id } = await at.db("mail_deliveries").where({ invitation_id: invited.body.data.id }).first("id");
  return attempt(id, at);
}

async function attemptAgain(id: string): Promise<Row> {
  await guildhall.db("mail_deliveries").where({ id }).update({ due_at: guildhall.db.fn.now() });
  return attempt(id);
}

async function isSuppressed(email: string): Promise<boolean> {
  const row = await guildhall.db("suppressions").where({ email_canonical: email.toLowerCase() }).first();
  return row !== undefined;
}

/** What distinguishes two copies of one email from two emails. */
function identity({ source, to }: { source: string; to: string[] }): string {
  const unfolded = source.replace(/=\r\n/g, "");
  return [/^Message-ID: (.*)$/im.exec(unfolded)?.[1], /\/i\/([\w-]+)/.exec(unfolded)?.[1], ...to].join(" ");
}
