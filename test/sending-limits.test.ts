import { describe, expect, test } from "vitest";
import type { SystemRoleName } from "../src/access/permissions.ts";
import type { EnvironmentSettings } from "../src/models/environment.ts";
import { Organization } from "../src/models/organization.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { ApiAnswer } from "./support/api.ts";
import { batchTo, rowsOf, rowsTo, runBatches, sendBatch, someEmails } from "./support/batches.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { atOnce, deliveriesOf, eventsOf, letCoolDown, sendDue, statuses } from "./support/invitations.ts";
import { MAIL_EVENTS_SECRET, tell } from "./support/provider.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall({ settings: { MAIL_EVENTS_SECRET } });

const shared = { member_management: "owner_and_admins" } as const;

interface Sender extends Person {
  organization: Organization;
}

/** Somebody with an organization of their own, in an environment with these settings. */
async function buildSender(settings: EnvironmentSettings = {}): Promise<Sender> {
  const environment = Object.keys(settings).length === 0 ? "acme-test" : unique("acme");
  const environment_id = await buildEnvironment(guildhall, environment);
  if (environment !== "acme-test")
    await guildhall.api.patch(`/api/environments/${environment_id}`, {
      data: { type: "environment", id: environment_id, attributes: { settings } },
    });
  const person = await buildPerson(guildhall, { environment });
  return { ...person, organization: await buildOrganization(guildhall, person, shared) };
}

const handleOf = async ({ user }: Pick<Person, "user">): Promise<string> =>
  (await guildhall.db("environments").where({ id: user.environment_id }).first("handle")).handle;

async function memberOf({ organization, user }: Sender, role: SystemRoleName): Promise<Sender> {
  const person = await buildMember(guildhall, organization, role, await handleOf({ user }));
  return { ...person, organization };
}

async function apiOf(person: Person) {
  return guildhall.api.as(person.token).in(await handleOf(person));
}

async function invites(
  by: Sender,
  email = uniqueEmail(),
  organization = by.organization,
): Promise<ApiAnswer> {
  return (await apiOf(by)).post("/api/invitations", invitationTo(organization.id, email));
}

const revokes = async (by: Person, { body }: ApiAnswer) =>
  (await apiOf(by)).post(`${body.data.links.self}/revoke`);

/** Marks an invitation's email as sent. */
async function emailed(
  by: Sender,
  email = uniqueEmail(),
  organization = by.organization,
): Promise<ApiAnswer> {
  const answer = await invites(by, email, organization);
  expect(answer.status).toBe(201);
  await sendDue(guildhall);
  return answer;
}

describe("inviting and revoking an address again and again", () => {
  test("inviting and revoking uses up nothing while no email leaves", async () => {
    const [somebody, other] = [await buildSender(), await buildSender()];
    const email = uniqueEmail();
    for (let n = 0; n < 12; n += 1) {
      const answer = await invites(somebody, email);
      expect(answer.status).toBe(201);
      await revokes(somebody, answer);
    }
    await sendDue(guildhall);
    expect((await invites(other, email)).status).toBe(201);
  });

  test("three emails to an address block it only for their sender", async () => {
    const [somebody, other] = [await buildSender(), await buildSender()];
    const email = uniqueEmail();
    for (let n = 0; n < 3; n += 1) await revokes(somebody, await emailed(somebody, email));
    const answer = await invites(somebody, email);
    expect(answer).toMatchObject(refusal(429, "recipient_limit"));
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(86_000);
    expect((await invites(other, email)).status).toBe(201);
  });

  test("an organization's members send an address three emails in all", async () => {
    const { organization, ...owner } = await buildSender();
    const members = [
      owner,
      ...(await Promise.all([1, 2, 3].map(() => buildMember(guildhall, organization, "admin")))),
    ];
    const email = uniqueEmail();
    const answers: ApiAnswer[] = [];
    for (const member of members) {
      const answer = await invites({ ...member, organization }, email);
      answers.push(answer);
      await sendDue(guildhall);
      if (answer.status === 201) await revokes(member, answer);
    }
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429]);
  });

  test("a user sends an address three emails from all organizations, even at once", async () => {
    const somebody = await buildSender();
    const organizations = await Promise.all(
      Array.from({ length: 8 }, () => buildOrganization(guildhall, somebody)),
    );
    const email = uniqueEmail();
    const answers = await atOnce(8, (n) => invites(somebody, email, organizations[n]));
    expect(statuses(answers)).toEqual({ 201: 3, 429: 5 });
    expect((await invites(await buildSender(), email)).status).toBe(201);
  });

  test("a failed email counts toward no limit", async () => {
    const somebody = await buildSender();
    const email = uniqueEmail();
    for (let n = 0; n < 4; n += 1) {
      const answer = await invites(somebody, email);
      expect(answer.status).toBe(201);
      const failed = { state: "failed", due_at: null };
      await guildhall.db("mail_deliveries").where({ invitation_id: answer.body.data.id }).update(failed);
      await revokes(somebody, answer);
    }
  });
});

test("many organizations at once send an address ten invitations in all", async () => {
  const email = uniqueEmail();
  const senders = await Promise.all(Array.from({ length: 14 }, () => buildSender()));
  for (const sender of senders.slice(0, 6)) expect((await invites(sender, email)).status).toBe(201);
  const answers = await Promise.all(senders.slice(6).map((sender) => invites(sender, email)));
  expect(statuses(answers)).toEqual({ 201: 4, 429: 4 });
});

test("an invitation is resent three times a day, and once more by the operator", async () => {
  const somebody = await buildSender();
  const { body } = await emailed(somebody);
  const api = await apiOf(somebody);
  const resend = async (by = api) => {
    await letCoolDown(guildhall, body.data.id);
    const answer = await by.post(`${body.data.links.self}/resend`);
    await sendDue(guildhall);
    return answer;
  };
  expect((await resend()).status).toBe(200);
  expect((await resend()).status).toBe(200);
  expect(await resend()).toMatchObject(refusal(429, "recipient_limit"));
  expect((await resend(guildhall.api)).status).toBe(200);
});

test("other senders' emails don't limit a program that sends its own", async () => {
  const email = uniqueEmail();
  const sender = await buildSender();
  for (let n = 0; n < 3; n += 1) await revokes(sender, await emailed(sender, email));
  const program = bearing(
    guildhall,
    await accessToken(guildhall, await buildClient(guildhall, ["invitations:write"])),
  );
  const { id } = sender.organization;
  expect(await program.post("/api/invitations", invitationTo(id, email))).toMatchObject(
    refusal(429, "recipient_limit"),
  );
  const silent = invitationTo(id, email, { send_mail: false });
  expect((await program.post("/api/invitations", silent)).status).toBe(201);
});

describe("a quota", () => {
  test("invitations_per_user counts in all organizations and says when to retry", async () => {
    const somebody = await buildSender({ quotas: { invitations_per_user: 3 } });
    const second = await buildOrganization(guildhall, somebody);
    expect((await invites(somebody)).status).toBe(201);
    await revokes(somebody, await invites(somebody));
    expect((await invites(somebody, uniqueEmail(), second)).status).toBe(201);
    const answer = await invites(somebody, uniqueEmail(), second);
    expect(answer).toMatchObject(refusal(429, "inviter_limit"));
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(86_000);
  });

  test("invitations_per_user counts resent emails, per user, never the operator", async () => {
    const somebody = await buildSender({ quotas: { invitations_per_user: 2 } });
    const { body } = await invites(somebody);
    await letCoolDown(guildhall, body.data.id);
    const resend = `${body.data.links.self}/resend`;
    expect((await (await apiOf(somebody)).post(resend)).status).toBe(200);
    await letCoolDown(guildhall, body.data.id);
    expect(await (await apiOf(somebody)).post(resend)).toMatchObject(refusal(429, "inviter_limit"));
    const admin = await memberOf(somebody, "admin");
    expect((await invites(admin)).status).toBe(201);
    const operator = guildhall.api.in(await handleOf(somebody));
    const document = invitationTo(somebody.organization.id, uniqueEmail());
    expect((await operator.post("/api/invitations", document)).status).toBe(201);
  });

  test("invitations_per_user lets a batch's first rows through and fails the rest", async () => {
    const somebody = await buildSender({ quotas: { invitations_per_user: 120 } });
    const api = await apiOf(somebody);
    const id = await sendBatch(api, somebody.organization, rowsTo(someEmails(130)));
    await runBatches(guildhall);
    const rows = await rowsOf(guildhall, id);
    expect(rows.filter(({ status }) => status === "created")).toHaveLength(120);
    expect(new Set(rows.filter(({ status }) => status === "failed").map(({ code }) => code))).toEqual(
      new Set(["inviter_limit"]),
    );
  });

  test("invitations_per_user holds across batches that run at once", async () => {
    const somebody = await buildSender({ quotas: { invitations_per_user: 50 } });
    const second = await buildOrganization(guildhall, somebody);
    const api = await apiOf(somebody);
    const ids = [
      await sendBatch(api, somebody.organization, rowsTo(someEmails(60))),
      await sendBatch(api, second, rowsTo(someEmails(60))),
    ];
    await Promise.all([runBatches(guildhall), runBatches(guildhall)]);
    const created = await guildhall
      .db("invitation_batch_rows")
      .whereIn("batch_id", ids)
      .where({ status: "created" });
    expect(created).toHaveLength(50);
  });

  test("pending_per_organization counts all members until an invitation is closed", async () => {
    const somebody = await buildSender({ quotas: { pending_per_organization: 2 } });
    const admin = await memberOf(somebody, "admin");
    const first = await invites(somebody);
    expect((await invites(admin)).status).toBe(201);
    expect(await invites(admin)).toMatchObject(refusal(403, "pending_limit"));
    await revokes(somebody, first);
    expect((await invites(admin)).status).toBe(201);
  });

  test("emails_per_recipient gives each sender three tenths", async () => {
    const somebody = await buildSender({ quotas: { emails_per_recipient: 20 } });
    const email = uniqueEmail();
    for (let n = 0; n < 6; n += 1) await revokes(somebody, await emailed(somebody, email));
    expect(await invites(somebody, email)).toMatchObject(refusal(429, "recipient_limit"));
  });

  test("organizations_per_user counts creations at once, regardless of transfers", async () => {
    const somebody = await buildSender({ quotas: { organizations_per_user: 3 } });
    const api = await apiOf(somebody);
    const create = (path: string, document: object) => api.post(path, document);
    const answers = await atOnce(12, (n) =>
      n % 2
        ? create("/bridge-payment/organizations", { name: "Acme" })
        : create("/api/organizations", { data: { type: "organization", attributes: { name: "Acme" } } }),
    );
    expect(statuses(answers)).toEqual({ 201: 3, 403: 9 });
    const document = { data: { type: "organization", attributes: { name: "Acme" } } };
    expect(await create("/api/organizations", document)).toMatchObject(refusal(403, "organization_limit"));

    const [{ id } = { id: "" }] = await guildhall
      .db("organizations")
      .where({ creator_user_id: somebody.user.id })
      .select("id");
    const next = await memberOf(
      { ...somebody, organization: await Organization.query(guildhall.db).findById(id).throwIfNotFound() },
      "admin",
    );
    await api.post(`/api/organizations/${id}/transfer-ownership`, { meta: { user_id: next.user.id } });
    expect(await create("/api/organizations", document)).toMatchObject(refusal(403, "organization_limit"));
    const theirs = await (await apiOf(next)).post("/api/organizations", document);
    expect(theirs.status).toBe(201);
    await (await apiOf(next)).delete(`/api/organizations/${id}`);
    expect((await create("/api/organizations", document)).status).toBe(201);
  });

  test("resources_per_user counts each kind separately, for the creator", async () => {
    const somebody = await buildSender({ quotas: { resources_per_user: 3 } });
    const api = await apiOf(somebody);
    const path = "/bridge-payment/customers";
    const add = () => api.post(path, { email: uniqueEmail(), organization_id: somebody.organization.id });
    for (let n = 0; n < 3; n += 1) expect((await add()).status).toBe(201);
    const refused = await add();
    expect([refused.status, refused.body.code]).toEqual([429, "resource_limit"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(86_000);
    const address = { type: "billing", line1: "1 Main St", city: "Bern", postal_code: "3000", country: "CH" };
    expect((await api.post("/bridge-payment/addresses", address)).status).toBe(201);
    const admin = await apiOf(await memberOf(somebody, "admin"));
    const theirs = { email: uniqueEmail(), organization_id: somebody.organization.id };
    expect((await admin.post(path, theirs)).status).toBe(201);

    await guildhall.db("customers").update({ created_at: guildhall.db.raw("now() - interval '24 hours'") });
    expect((await add()).status).toBe(201);
  });

  test("invitations_per_user also bounds the rows of batches, even unreadable ones", async () => {
    const somebody = await buildSender({ quotas: { invitations_per_user: 2 } });
    const api = await apiOf(somebody);
    await sendBatch(api, somebody.organization, rowsTo(Array(39).fill("no address")));
    await sendBatch(api, somebody.organization, rowsTo(["no address"]));
    const more = batchTo(somebody.organization.id, rowsTo(someEmails(1)));
    expect(await api.post("/api/invitation-batches", more)).toMatchObject(refusal(429, "inviter_limit"));
  });

  test("unfinished_batches keeps out only users who have one there", async () => {
    const somebody = await buildSender({ quotas: { unfinished_batches: 2 } });
    const admin = await memberOf(somebody, "admin");
    const send = async (by: Person) =>
      (await apiOf(by)).post(
        "/api/invitation-batches",
        batchTo(somebody.organization.id, rowsTo(someEmails(1))),
      );
    expect([(await send(somebody)).status, (await send(somebody)).status]).toEqual([202, 202]);
    expect(await send(somebody)).toMatchObject(refusal(409, "batch_limit"));
    expect((await send(admin)).status).toBe(202);
    expect(await send(admin)).toMatchObject(refusal(409, "batch_limit"));
  });

  test("a quota is changed separately, and null restores its default", async () => {
    const { user } = await buildSender({ quotas: { invitations_per_user: 3, organizations_per_user: 4 } });
    const path = `/api/environments/${user.environment_id}`;
    const patch = (quotas: unknown) =>
      guildhall.api.patch(path, {
        data: { type: "environment", id: user.environment_id, attributes: { settings: { quotas } } },
      });
    await patch({ invitations_per_user: null, unfinished_batches: "unlimited" });
    const { body } = await patch({});
    expect(body.data.attributes.settings).toEqual({
      quotas: { organizations_per_user: 4, unfinished_batches: "unlimited" },
    });
    for (const nonsense of [{ invitations_per_user: 0 }, { invitations_per_user: "many" }, { seats: 3 }, 5])
      expect((await patch(nonsense)).status).toBe(422);
  });
});

describe("a complaint about an invitation", () => {
  const complain = async ({ body }: ApiAnswer) => {
    const { email, message_id } = await guildhall
      .db("mail_deliveries")
      .where({ invitation_id: body.data.id })
      .first();
    const report = await tell(guildhall.api.origin, { events: [{ type: "complained", message_id, email }] });
    expect(report.body.recorded).toBe(1);
  };
  const pausedUntil = async ({ user }: Person, by = guildhall.api) =>
    (await by.get(`/api/users/${user.id}`)).body.data.attributes.inviting_paused_until;
  const setPause = async ({ user }: Person, until: string | null, by = guildhall.api) =>
    by.patch(`/api/users/${user.id}`, {
      data: { type: "user", id: user.id, attributes: { inviting_paused_until: until } },
    });

  test("a complaint pauses the inviter for a day, and the operator can lift it", async () => {
    const somebody = await buildSender();
    const reported = await emailed(somebody);
    const waiting = await invites(somebody);
    await complain(reported);

    const answer = await invites(somebody);
    expect(answer).toMatchObject(refusal(429, "inviting_paused"));
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(86_000);
    await letCoolDown(guildhall, waiting.body.data.id);
    const resend = await (await apiOf(somebody)).post(`${waiting.body.data.links.self}/resend`);
    expect(resend).toMatchObject(refusal(429, "inviting_paused"));
    await sendDue(guildhall);
    expect(await deliveriesOf(guildhall, waiting.body.data.id)).toMatchObject([
      { state: "suppressed", reply: "not sent: its inviter may not send invitations at the moment" },
    ]);

    expect(Date.parse(await pausedUntil(somebody))).toBeGreaterThan(Date.now() + 86_000_000);
    const events = await eventsOf(guildhall, somebody.user.id);
    expect(events.at(-1)).toMatchObject({ type: "user.inviting_paused", data: { reason: "complained" } });
    expect((await setPause(somebody, null)).status).toBe(200);
    expect((await invites(somebody)).status).toBe(201);
  });

  test("a complaint pauses the user who resent the email", async () => {
    const somebody = await buildSender();
    const admin = await memberOf(somebody, "admin");
    const answer = await invites(somebody);
    await letCoolDown(guildhall, answer.body.data.id);
    await (await apiOf(admin)).post(`${answer.body.data.links.self}/resend`);
    await sendDue(guildhall);
    await guildhall.db("mail_deliveries").where({ invitation_id: answer.body.data.id, seq: 1 }).delete();
    await complain(answer);
    expect(await invites(admin)).toMatchObject(refusal(429, "inviting_paused"));
    expect((await invites(somebody)).status).toBe(201);
  });

  test("a complaint fails the rows of the inviter's batch", async () => {
    const somebody = await buildSender();
    await complain(await emailed(somebody));
    const id = await sendBatch(await apiOf(somebody), somebody.organization, rowsTo(someEmails(1)));
    await runBatches(guildhall);
    expect(await rowsOf(guildhall, id)).toMatchObject([{ status: "failed", code: "inviting_paused" }]);
  });

  test("a complaint pauses for the environment's days, and with 0 not at all", async () => {
    const [careful, lenient] = [
      await buildSender({ complaint_pause_days: 30 }),
      await buildSender({ complaint_pause_days: 0 }),
    ];
    for (const sender of [careful, lenient]) await complain(await emailed(sender));
    const answer = await invites(careful);
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(29 * 86_400);
    expect((await invites(lenient)).status).toBe(201);
  });

  test("a pause is visible to its user, and only programs change it", async () => {
    const somebody = await buildSender();
    const member = await memberOf(somebody, "member");
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect((await setPause(somebody, until)).status).toBe(200);
    expect(await pausedUntil(somebody, await apiOf(somebody))).toBe(until);
    expect(await pausedUntil(somebody, await apiOf(member))).toBeNull();
    expect(await invites(somebody)).toMatchObject(refusal(429, "inviting_paused"));
    expect((await setPause(somebody, null, await apiOf(somebody))).status).toBe(403);
  });
});
