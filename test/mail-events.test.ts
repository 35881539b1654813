import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, test } from "vitest";
import { claimDeliveries, LEASE_SECONDS } from "../src/mail/claim-deliveries.ts";
import { sent } from "../src/mail/outcome.ts";
import { recordOutcomes } from "../src/mail/record-outcomes.ts";
import type { MailDelivery, TimelineEntry } from "../src/models/mail-delivery.ts";
import type { Organization } from "../src/models/organization.ts";
import { openapiDocument } from "../src/reference/openapi-document.ts";
import type { MediaContent, Response } from "../src/reference/openapi-types.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { startGuildhall, useGuildhall } from "./support/guildhall.ts";
import { MAIL_EVENTS_SECRET, type Message, signature, type Told, tell } from "./support/provider.ts";

const guildhall = useGuildhall({ settings: { MAIL_EVENTS_SECRET } });
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});

interface Sent {
  id: string;
  invitation: string;
  email: string;
  message_id: string;
}

/** An invitation whose email has left. */
async function mailed(email = uniqueEmail(), to = organization): Promise<Sent> {
  const { body } = await invite(guildhall, to, email);
  await guildhall.jobContext.deliveries.run();
  const left = { invitation_id: body.data.id, state: "sent" };
  const row = () => guildhall.db("mail_deliveries").where(left).first();
  await expect.poll(row, { interval: 5 }).toBeDefined();
  const { id, message_id } = await row();
  return { id, invitation: body.data.id, email, message_id };
}

function telling(mail: Sent, type: string, more: object = {}, message: Message = {}): Promise<Told> {
  const event = { type, message_id: mail.message_id, email: mail.email, ...more };
  return tell(guildhall.api.origin, { events: [event] }, message);
}

const read = (id: string): Promise<MailDelivery> => guildhall.db("mail_deliveries").where({ id }).first();
const words = async (id: string) => (await read(id)).timeline.map(({ what }: TimelineEntry) => what);
const suppressionOf = (email: string) =>
  guildhall.db("suppressions").where({ email_canonical: email.toLowerCase() }).first();
const deliveryStatus = async ({ invitation }: Sent) =>
  (await guildhall.api.get(`/api/invitations/${invitation}`)).body.data.attributes.delivery_status;
const counts = (recorded: number, repeated: number, unknown: number) => ({
  status: 202,
  body: expect.objectContaining({ recorded, repeated, unknown, refused: 0 }),
});
const BOUNCE = { permanent: true, detail: "550 5.1.1 nobody here" };

describe("a permanent bounce", () => {
  test("a permanent bounce fails the email with the receiver's words", async () => {
    const mail = await mailed();
    expect(await deliveryStatus(mail)).toBe("sent");
    expect(await telling(mail, "bounced", BOUNCE)).toEqual(counts(1, 0, 0));
    expect(await read(mail.id)).toMatchObject({
      state: "failed",
      due_at: null,
      smtp_code: 550,
      reply: BOUNCE.detail,
    });
    expect(await deliveryStatus(mail)).toBe("failed");
    expect((await read(mail.id)).timeline.at(-1)).toEqual({
      at: expect.any(String),
      what: "bounced",
      smtp_code: 550,
      reply: BOUNCE.detail,
    });
  });

  test("a permanent bounce suppresses the address, with an event", async () => {
    const mail = await mailed();
    await telling(mail, "bounced", BOUNCE);
    const suppression = await suppressionOf(mail.email);
    expect(suppression).toMatchObject({ reason: "bounced", detail: BOUNCE.detail });
    const { body } = await guildhall.api.get(`/api/events?filter[subject]=${suppression.id}`);
    expect(body.data.map(({ attributes }: { attributes: object }) => attributes)).toMatchObject([
      {
        event_type: "suppression.created",
        actor_kind: "system",
        data: { email: mail.email, reason: "bounced" },
        request_id: expect.any(String),
      },
    ]);
  });

  test("a permanent bounce stops later and waiting emails to the address", async () => {
    const mail = await mailed();
    const other = await buildOrganization(guildhall, await buildPerson(guildhall));
    const { body } = await invite(guildhall, other, mail.email);
    await telling(mail, "bounced", BOUNCE);
    await guildhall.jobContext.deliveries.run();
    const waiting = await guildhall.db("mail_deliveries").where({ invitation_id: body.data.id }).first();
    expect(waiting).toMatchObject({
      state: "suppressed",
      reply: "not sent: the address is suppressed",
    });
  });

  test("a permanent bounce doesn't affect other environments", async () => {
    const mail = await mailed();
    await telling(mail, "bounced", BOUNCE);
    const outsider = await buildPerson(guildhall, { environment: "elsewhere" });
    const theirs = await buildOrganization(guildhall, outsider);
    const elsewhere = { ...guildhall, api: guildhall.api.in("elsewhere") };
    await invite(elsewhere, theirs, mail.email);
    await guildhall.jobContext.deliveries.run();
    await guildhall.mailbox.waitFor(mail.email, 2);
  });

  test("a bounce reported before the send was recorded stays a failure", async () => {
    const { body } = await invite(guildhall, organization, uniqueEmail());
    const [held] = await claimDeliveries(guildhall.db, {
      limit: 1,
      seconds: LEASE_SECONDS,
      domain: "guildhall.test",
    });
    const { id = "", email = "", message_id = "" } = held ?? {};
    await telling({ id, email, message_id, invitation: body.data.id }, "bounced", BOUNCE);
    await recordOutcomes(guildhall.db, [{ id, attempts: 1, ...sent(250, "250 kept") }]);
    expect(await read(id)).toMatchObject({ state: "failed", reply: BOUNCE.detail, due_at: null });
  });
});

test.each([
  ["our sender", "550 5.1.8 Sender address rejected: Domain not found"],
  ["a block list", "smtp; 554 5.7.1 Client host blocked using zen.spamhaus.org"],
  ["a full mailbox", "552 5.2.2 mailbox full"],
  ["nothing that is plain", "554 no"],
])("a permanent bounce about %s fails the email and suppresses nobody", async (_, detail) => {
  const mail = await mailed();
  expect(await telling(mail, "bounced", { permanent: true, detail })).toEqual(counts(1, 0, 0));
  expect(await read(mail.id)).toMatchObject({ state: "failed", reply: detail });
  expect(await suppressionOf(mail.email)).toBeUndefined();
});

describe("temporary failures suppress nobody", () => {
  test.each([
    ["a bounce that says it is temporary", { permanent: false, detail: "452 4.2.2 mailbox full" }],
    ["a bounce that doesn't say what it is", { detail: "Out of office until Monday" }],
  ])("%s", async (_, more) => {
    const mail = await mailed();
    expect(await telling(mail, "bounced", more)).toEqual(counts(1, 0, 0));
    expect(await suppressionOf(mail.email)).toBeUndefined();
    expect(await read(mail.id)).toMatchObject({ state: "sent" });
    expect(await words(mail.id)).toEqual(["attempt", "sent", "deferred"]);
  });

  test("repeated deferrals suppress nobody", async () => {
    const mail = await mailed();
    await telling(mail, "deferred", { detail: "451 busy", occurred_at: "2026-01-01T10:00:00Z" });
    await telling(mail, "deferred", { detail: "451 busy", occurred_at: "2026-01-01T11:00:00+00:00" });
    expect(await words(mail.id)).toEqual(["attempt", "sent", "deferred", "deferred"]);
    expect((await read(mail.id)).timeline.at(-1)?.at).toBe("2026-01-01T11:00:00.000Z");
    expect(await suppressionOf(mail.email)).toBeUndefined();
  });
});

test("a complaint suppresses the address and leaves the email as it is", async () => {
  const mail = await mailed();
  await telling(mail, "complained", { detail: "abuse" });
  expect(await suppressionOf(mail.email)).toMatchObject({ reason: "complained" });
  expect(await read(mail.id)).toMatchObject({ state: "sent", reply: expect.stringMatching(/^250/) });
  expect(await words(mail.id)).toEqual(["attempt", "sent", "complained"]);
});

test("a complaint replaces a bounce as the reason", async () => {
  const mail = await mailed();
  await telling(mail, "bounced", BOUNCE);
  await telling(mail, "complained");
  expect(await suppressionOf(mail.email)).toMatchObject({ reason: "complained" });
});

describe("a delivery", () => {
  test("a delivery report is in the timeline", async () => {
    const mail = await mailed();
    await telling(mail, "delivered");
    expect(await words(mail.id)).toEqual(["attempt", "sent", "delivered"]);
    expect(await read(mail.id)).toMatchObject({ state: "sent" });
  });

  test("a delivery report settles an unknown email, so no second copy leaves", async () => {
    const mail = await mailed();
    const unknown = { state: "unknown", due_at: guildhall.db.fn.now(), sent_at: null };
    await guildhall.db("mail_deliveries").where({ id: mail.id }).update(unknown);
    await telling(mail, "delivered");
    expect(await read(mail.id)).toMatchObject({ state: "sent", due_at: null, sent_at: expect.any(Date) });
  });

  test("a delivery report doesn't undo an earlier bounce", async () => {
    const mail = await mailed();
    await telling(mail, "bounced", BOUNCE);
    await telling(mail, "delivered");
    expect(await read(mail.id)).toMatchObject({ state: "failed", reply: BOUNCE.detail });
  });
});

describe("a repeated event", () => {
  test("repeating an event changes nothing", async () => {
    const mail = await mailed();
    const message = { id: "msg_1" };
    await telling(mail, "bounced", BOUNCE, message);
    const before = [await read(mail.id), await suppressionOf(mail.email)];
    expect(await telling(mail, "bounced", BOUNCE, message)).toEqual(counts(0, 1, 0));
    expect(await telling(mail, "bounced", { ...BOUNCE, detail: "in other words" })).toEqual(counts(0, 1, 0));
    expect([await read(mail.id), await suppressionOf(mail.email)]).toEqual(before);
  });

  test("repeating an event doesn't restore a lifted suppression", async () => {
    const mail = await mailed();
    await telling(mail, "bounced", BOUNCE);
    const { id } = await suppressionOf(mail.email);
    expect((await guildhall.api.delete(`/api/suppressions/${id}`)).status).toBe(204);
    await telling(mail, "bounced", BOUNCE);
    expect(await suppressionOf(mail.email)).toBeUndefined();
  });

  test("an event sent ten times at once is recorded once", async () => {
    const mail = await mailed();
    const answers = await Promise.all(Array.from({ length: 10 }, () => telling(mail, "complained")));
    expect(answers.reduce((sum, { body }) => sum + body.recorded, 0)).toBe(1);
    expect(await words(mail.id)).toEqual(["attempt", "sent", "complained"]);
  });
});

describe("many events at once", () => {
  test("many events are matched to their emails and counted", async () => {
    const [one, two, three] = [await mailed(), await mailed(), await mailed()];
    const events = [
      { type: "delivered", message_id: one.message_id, email: one.email },
      { type: "bounced", message_id: one.message_id, email: one.email, permanent: true },
      { type: "complained", message_id: one.message_id, email: one.email },
      // Without its brackets, and in another spelling.
      { type: "delivered", message_id: two.message_id.slice(1, -1), email: two.email.toUpperCase() },
      { type: "delivered", message_id: two.message_id, email: two.email },
      { type: "delivered", message_id: "<nobody@knows>", email: two.email },
      { type: "bounced", message_id: three.message_id, email: two.email, permanent: true },
      { type: "bounced", email: three.email, permanent: true },
      { type: "bounced", message_id: "a\u0000b", email: three.email, permanent: true },
      { type: "bounced", message_id: three.message_id, email: "MAILER-DAEMON", permanent: true },
    ];
    expect(await tell(guildhall.api.origin, { events })).toEqual(counts(4, 1, 5));
    expect(await words(one.id)).toEqual(["attempt", "sent", "delivered", "bounced", "complained"]);
    expect(await suppressionOf(one.email)).toMatchObject({ reason: "complained" });
    expect(await words(two.id)).toEqual(["attempt", "sent", "delivered"]);
    expect(await words(three.id)).toEqual(["attempt", "sent"]);
    expect(await suppressionOf(three.email)).toBeUndefined();
  });

  test("a report has at most a thousand events", async () => {
    const events = Array.from({ length: 1_001 }, () => ({ type: "delivered", email: "a@example.com" }));
    expect(await tell(guildhall.api.origin, { events: events.slice(1) })).toEqual(counts(0, 0, 1_000));
    expect(await tell(guildhall.api.origin, { events })).toMatchObject({ status: 422 });
    expect(await tell(guildhall.api.origin, { events: [] })).toEqual(counts(0, 0, 0));
  });

  test("events find their emails in any form of the recipient", async () => {
    const mail = await mailed();
    const spellings = [
      `<${mail.email}>`,
      `Mary <${mail.email}>`,
      `"Smith, Mary" <${mail.email.toUpperCase()}> `,
      `${mail.email} (Mary)`,
      `rfc822; ${mail.email}`,
    ];
    for (const [n, email] of spellings.entries())
      expect(await telling(mail, "deferred", { email, detail: `451 ${n}` })).toEqual(counts(1, 0, 0));
    expect(await telling(mail, "deferred", { email: "<mary@elsewhere.test>" })).toEqual(counts(0, 0, 1));
  });

  test("each event gets its own result, and an odd one stops no other", async () => {
    const mail = await mailed();
    const good = { type: "bounced", message_id: mail.message_id, email: mail.email, permanent: true };
    const events = [
      { ...good, permament: true },
      { ...good, type: "opened" },
      "bounced",
      { ...good, occurred_at: "yesterday" },
      good,
      good,
      { ...good, message_id: "<nobody@knows>" },
      { ...good, email: "MAILER-DAEMON" },
    ];
    const { status, body } = await tell(guildhall.api.origin, { events });
    expect(status).toBe(202);
    expect(body).toMatchObject({ recorded: 1, repeated: 1, unknown: 2, refused: 4 });
    expect(
      body.results.map(({ index, status }: { index: number; status: string }) => [index, status]),
    ).toEqual([
      [0, "refused"],
      [1, "refused"],
      [2, "refused"],
      [3, "refused"],
      [4, "recorded"],
      [5, "repeated"],
      [6, "unknown"],
      [7, "unknown"],
    ]);
    expect(body.results.map(({ detail }: { detail: string }) => detail)).toEqual([
      "The event has no member called permament; check the spelling or leave it out.",
      "`type` must be delivered, deferred, bounced or complained.",
      "The event must be an object with type, message_id and email.",
      "`occurred_at` must be a time such as 2026-11-20T09:31:12Z.",
      "It was recorded.",
      "It was reported before; nothing has changed.",
      "No email with this `message_id` was sent to this address.",
      "No email can be found: `email` must hold an address such as mary@acme.example.",
    ]);
    expect(await suppressionOf(mail.email)).toMatchObject({ reason: "bounced" });
  });

  test("an event may quote any reply, but no link is kept", async () => {
    const mail = await mailed();
    const token = guildhall.context.linkKeys.signOptOut(mail.invitation);
    const detail = `550 http://x.test/u/${token} \u0000 \ud800 ${"nobody ".repeat(1_000)}`;
    expect(await telling(mail, "bounced", { permanent: true, detail })).toEqual(counts(1, 0, 0));
    const row = await read(mail.id);
    expect(row.reply).toMatch(/^550 http:\/\/x\.test\/… /);
    expect(JSON.stringify(row)).not.toContain(token.slice(-43));
  });
});

describe("a wrongly signed report is refused: 401", () => {
  const now = () => Math.floor(Date.now() / 1_000);

  test.each<[string, () => Message]>([
    ["with another secret", () => ({ secret: "another secret of many bytes" })],
    ["too long ago", () => ({ timestamp: now() - 301 })],
    ["too far ahead", () => ({ timestamp: now() + 310 })],
    ["with no time", () => ({ headers: { "webhook-timestamp": "" } })],
    ["at another time", () => ({ headers: { "webhook-timestamp": String(now() + 1) } })],
    ["for another message", () => ({ headers: { "webhook-id": "msg_other" } })],
    ["with a dot in its id", () => ({ id: "msg.1" })],
    ["not at all", () => ({ signature: "" })],
    ["by nonsense", () => ({ signature: "v1 v1, v1,x ,, v1a,AAAA" })],
    [
      "as another version",
      () => ({ signature: signature(MAIL_EVENTS_SECRET, "m", now(), "").replace("v1", "v2") }),
    ],
  ])("%s", async (_, message) => {
    const mail = await mailed();
    expect(await telling(mail, "bounced", BOUNCE, message())).toEqual({
      status: 401,
      body: { error: expect.any(String), code: "invalid_signature", request_id: expect.any(String) },
    });
    expect(await suppressionOf(mail.email)).toBeUndefined();
  });

  test("a changed body is refused: 401", async () => {
    const body = JSON.stringify({ events: [] });
    const id = "msg_1";
    const forged = { id, timestamp: now(), signature: signature(MAIL_EVENTS_SECRET, id, now(), body) };
    expect(await tell(guildhall.api.origin, `${body} `, forged)).toMatchObject({ status: 401 });
    expect(await tell(guildhall.api.origin, body, forged)).toMatchObject({ status: 202 });
  });

  test("one valid signature among several is enough, to rotate the secret", async () => {
    const [id, timestamp, body] = ["msg_1", now(), '{"events":[]}'];
    const signatures = ["another secret of many bytes", MAIL_EVENTS_SECRET].map((secret) =>
      signature(secret, id, timestamp, body),
    );
    const message = { id, timestamp, signature: `v1a,AAAA ${signatures.join(" ")}` };
    expect(await tell(guildhall.api.origin, body, message)).toMatchObject({ status: 202 });
  });

  test("guessing signatures is refused after a while: 429", async () => {
    const other = await startGuildhall({ settings: { MAIL_EVENTS_SECRET: "a plain secret of many bytes" } });
    const wrong = { secret: "another secret of many bytes" };
    const answers: number[] = [];
    for (let n = 0; n < 32; n += 1)
      answers.push((await tell(other.api.origin, { events: [] }, wrong)).status);
    const right = { secret: "a plain secret of many bytes" };
    expect(await tell(other.api.origin, { events: [] }, right)).toMatchObject({ status: 202 });
    await other.stop();
    expect(answers).toEqual([...Array(30).fill(401), 429, 429]);
  });
});

test.each([
  ["no JSON", "{", 400, "malformed_json"],
  ["nothing", "", 400, "malformed_json"],
  ["no events", {}, 422, "invalid_mail_events"],
  ["an unknown type", { events: [{ type: "opened", email: "a@example.com" }] }, 422, "invalid_mail_events"],
  [
    "a typing error",
    { events: [{ type: "bounced", email: "a@b.test", permanent: "yes" }] },
    422,
    "invalid_mail_events",
  ],
  [
    "an unknown member",
    { events: [{ type: "bounced", email: "a@b.test", permament: true }] },
    422,
    "invalid_mail_events",
  ],
  ["two megabytes", { events: [], filler: "x".repeat(2 ** 21) }, 413, "body_too_large"],
])("a signed body of %s is refused with the reason in plain JSON", async (_, document, status, code) => {
  const answer = await tell(guildhall.api.origin, document);
  expect(answer).toEqual({
    status,
    body: { error: expect.any(String), code, request_id: expect.any(String) },
  });
});

test("without a secret POST /mail-events is 404", async () => {
  const other = await startGuildhall();
  expect(await tell(other.api.origin, { events: [] })).toEqual({
    status: 404,
    body: { error: expect.any(String), code: "not_found", request_id: expect.any(String) },
  });
  await other.stop();
});

test("/mail-events accepts only POST", async () => {
  const answer = await fetch(`${guildhall.api.origin}/mail-events`);
  expect(answer.status).toBe(405);
  expect(await answer.json()).toMatchObject({ code: "method_not_allowed" });
});

describe("the OpenAPI document", () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const document = openapiDocument();
  ajv.addSchema(document, "openapi");
  const operation = document.paths["/mail-events"]?.post;
  const fits = (schema: object, value: unknown) =>
    ajv.validate(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')), value);
  const contentOf = (holder: { content?: Record<string, MediaContent> } | undefined) =>
    holder?.content?.["application/json"]?.schema ?? { not: {} };
  const event = { type: "bounced", email: "a@example.com" };

  test.each<[string, unknown, number]>([
    ["no events", { events: [] }, 202],
    ["a thousand", { events: Array(1_000).fill(event) }, 202],
    ["one more", { events: Array(1_001).fill(event) }, 422],
    ["one that says all", { events: [{ ...event, message_id: "<x@y>", ...BOUNCE, occurred_at: null }] }, 202],
    ["one with its time", { events: [{ ...event, occurred_at: "2026-11-20T09:31:12+01:00" }] }, 202],
    ["one at a wrong time", { events: [{ ...event, occurred_at: "yesterday" }] }, 422],
    ["one of no address", { events: [{ type: "bounced" }] }, 422],
    ["one of an unknown type", { events: [{ ...event, type: "opened" }] }, 422],
    ["an unknown member", { events: [{ ...event, mood: "bad" }] }, 422],
    ["a bare list", [event], 422],
  ])("describes a body of %s and its answer as the path behaves", async (_, body, status) => {
    const answer = await tell(guildhall.api.origin, body);
    expect(answer.status).toBe(status);
    expect(fits(contentOf(operation?.requestBody), body)).toBe(status === 202);
    expect(fits(contentOf(responseOf(status)), answer.body), JSON.stringify(answer.body)).toBe(true);
  });

  test.each<[number, unknown, Message]>([
    [400, "{", {}],
    [401, { events: [] }, { signature: "v1,AAAA" }],
    [413, "x".repeat(2 ** 21), {}],
    [415, { events: [] }, { headers: { "Content-Encoding": "gzip" } }],
  ])("describes an answer of %i", async (status, body, message) => {
    const answer = await tell(guildhall.api.origin, body, message);
    expect(answer.status).toBe(status);
    expect(fits(contentOf(responseOf(status)), answer.body), JSON.stringify(answer.body)).toBe(true);
  });

  test("lists the headers without which an answer is 401", async () => {
    const headers = (operation?.parameters ?? []).map((item) => ("name" in item ? item.name : ""));
    expect(headers).toEqual(["webhook-id", "webhook-timestamp", "webhook-signature"]);
    for (const name of headers) {
      const answer = await tell(guildhall.api.origin, { events: [] }, { headers: { [name]: "" } });
      expect(answer.status, name).toBe(401);
    }
  });

  function responseOf(status: number): Response | undefined {
    const response = operation?.responses[status];
    if (response === undefined || !("$ref" in response)) return response;
    return document.components.responses[response.$ref.split("/").at(-1) ?? ""];
  }
});
