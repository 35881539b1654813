import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimDeliveries, LEASE_SECONDS } from "../src/mail/claim-deliveries.ts";
import { sent } from "../src/mail/outcome.ts";
import { recordOutcomes } from "../src/mail/record-outcomes.ts";
import type { TimelineEntry } from "../src/models/mail-delivery.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { type Fault, type ScriptedSmtp, startScriptedSmtp } from "./support/scripted-smtp.ts";

let guildhall: Guildhall;
let smtp: ScriptedSmtp;
let organization: Organization;

beforeAll(async () => {
  smtp = await startScriptedSmtp();
  guildhall = await startGuildhall({ settings: { SMTP_URL: smtp.url } });
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});
afterAll(async () => {
  await guildhall.stop();
  await smtp.stop();
});
beforeEach(() => guildhall.db("mail_deliveries").update({ due_at: null }));
afterEach(() => smtp.reset());

async function invited(): Promise<{ id: string; invitation: string }> {
  const { body } = await invite(guildhall, organization, uniqueEmail());
  const { id } = await guildhall.db("mail_deliveries").where({ invitation_id: body.data.id }).first("id");
  return { id, invitation: body.data.id };
}

/** Tries everything that is due once, now. */
async function attempt(id: string): Promise<void> {
  await guildhall.db("mail_deliveries").where({ id }).update({ due_at: guildhall.db.fn.now() });
  await guildhall.jobContext.deliveries.run();
  const state = async () => (await guildhall.db("mail_deliveries").where({ id }).first("state")).state;
  await expect.poll(state, { interval: 5 }).not.toBe("sending");
}

async function timelineOf(id: string): Promise<TimelineEntry[]> {
  return (await guildhall.api.get(`/api/deliveries/${id}`)).body.data.attributes.timeline;
}

const words = async (id: string) => (await timelineOf(id)).map(({ what }) => what);

describe("a delivery's timeline", () => {
  test("begins with the time it was queued", async () => {
    const { id } = await invited();
    const { attributes } = (await guildhall.api.get(`/api/deliveries/${id}`)).body.data;
    expect(attributes.timeline).toEqual([{ at: attributes.created_at, what: "queued" }]);
  });

  test("shows the attempt and the server's acceptance, with times", async () => {
    const { id } = await invited();
    await attempt(id);
    const timeline = await timelineOf(id);
    expect(timeline).toEqual([
      { at: expect.any(String), what: "queued" },
      { at: expect.any(String), what: "attempt" },
      { at: expect.any(String), what: "sent", smtp_code: 250, reply: "250 kept" },
    ]);
    const times = timeline.map(({ at }) => at);
    expect(times.every((at) => new Date(at).toISOString() === at)).toBe(true);
    expect([...times].sort()).toEqual(times);
  });

  test.each<[string, Fault, string, Partial<TimelineEntry>]>([
    ["a temporary refusal", { at: "rcpt", does: "450 later" }, "deferred", { smtp_code: 450 }],
    ["a permanent refusal", { at: "rcpt", does: "550 nobody" }, "failed", { smtp_code: 550 }],
    ["a connection that broke at an unknown point", { at: "dot", does: "cut" }, "unknown", {}],
  ])("shows %s", async (_, fault, what, more) => {
    const { id } = await invited();
    smtp.script(fault);
    await attempt(id);
    expect((await timelineOf(id)).at(-1)).toMatchObject({ what, reply: expect.any(String), ...more });
    expect(await words(id)).toEqual(["queued", "attempt", what]);
  });

  test("shows every attempt", async () => {
    const { id } = await invited();
    smtp.script({ at: "rcpt", does: "450 later" }, { at: "data", does: "451 later" });
    for (let n = 0; n < 3; n += 1) await attempt(id);
    expect(await words(id)).toEqual([
      "queued",
      ...["attempt", "deferred", "attempt", "deferred", "attempt", "sent"],
    ]);
  });

  test("shows that a worker was lost while sending", async () => {
    const { id } = await invited();
    for (let n = 0; n < 3; n += 1) {
      await claimDeliveries(guildhall.db, { limit: 10, seconds: LEASE_SECONDS, domain: "guildhall.test" });
      await guildhall.db("mail_deliveries").where({ id }).update({ due_at: guildhall.db.fn.now() });
    }
    expect(await words(id)).toEqual(["queued", "attempt", "lease_lost", "attempt", "lease_lost", "unknown"]);
  });

  test("shows why an email was not sent", async () => {
    const { id, invitation } = await invited();
    await guildhall.api.post(`/api/invitations/${invitation}/revoke`);
    await attempt(id);
    const [, last] = await timelineOf(id);
    expect(last).toMatchObject({ what: "suppressed", reply: "not sent: the invitation was revoked" });
  });

  test("ignores an outcome that came too late", async () => {
    const { id } = await invited();
    await attempt(id);
    const before = await timelineOf(id);
    await recordOutcomes(guildhall.db, [{ id, attempts: 1, ...sent(250, "250 again") }]);
    expect(await timelineOf(id)).toEqual(before);
  });

  test("keeps its last fifty entries", async () => {
    const { id } = await invited();
    const entries = Array.from({ length: 49 }, (_, n) => ({
      at: "2026-01-01T00:00:00Z",
      what: "deferred",
      n,
    }));
    await guildhall
      .db("mail_deliveries")
      .where({ id })
      .update({ timeline: JSON.stringify(entries) });
    await attempt(id);
    const { timeline } = await guildhall.db("mail_deliveries").where({ id }).first("timeline");
    expect(timeline).toHaveLength(50);
    expect(timeline.at(0)).toMatchObject({ n: 1 });
    expect(timeline.slice(-2).map(({ what }: TimelineEntry) => what)).toEqual(["attempt", "sent"]);
  });

  test("contains no link, even if a server's refusal quotes it", async () => {
    const { id, invitation } = await invited();
    const { linkKeys } = guildhall.context;
    const tokens = [
      linkKeys.sign({ invitationId: invitation, tokenVersion: 1 }),
      linkKeys.signOptOut(invitation),
    ];
    const links = `http://guildhall.test/i/${tokens[0]} and http://guildhall.test/u/${tokens[1]}.`;
    smtp.script({ at: "dot", does: `554 spam: ${links}` });
    await attempt(id);
    const row = JSON.stringify(await guildhall.db("mail_deliveries").where({ id }).first());
    expect(row).toContain("554 spam: http://guildhall.test/…");
    for (const token of tokens) expect(row).not.toContain(token.slice(-43));
  });
});
