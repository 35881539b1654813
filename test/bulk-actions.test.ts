import { beforeEach, describe, expect, test } from "vitest";
import { runInvitationBatches } from "../src/invitation-batches/run-invitation-batches.ts";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import { buildMember, buildOrganization, buildPerson, type Person, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  answerByLink,
  deliveriesOf,
  eventsOf,
  eventTypesOf,
  expiresIn,
  type Invited,
  invited,
  letCoolDown,
  sendDue,
} from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeEach(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
});

const asOwner = () => guildhall.api.as(owner.token);

describe("lifting suppressions", () => {
  beforeEach(async () => {
    await guildhall.db("suppressions").delete();
  });

  async function suppressed(
    reason: string,
    email = uniqueEmail(),
    api: Api = guildhall.api,
  ): Promise<string> {
    const attributes = { email, reason };
    return (await api.post("/api/suppressions", { data: { type: "suppression", attributes } })).body.data.id;
  }
  const lift = (query: string, meta?: object, api: Api = guildhall.api) =>
    api.post(`/api/suppressions/lift?${query}`, meta && { meta });
  const left = async () => (await guildhall.db("suppressions").orderBy("id")).map(({ id }) => id);
  const counts = (lifted_count: number, remaining_count: number) => ({
    status: 200,
    body: { meta: { lifted_count, remaining_count } },
  });

  test("counts and shows in a dry run what it would lift", async () => {
    const ids = [await suppressed("bounced"), await suppressed("bounced"), await suppressed("complained")];
    const answer = await lift("filter[reason]=bounced", { dry_run: true });
    expect(answer).toMatchObject(counts(0, 2));
    expect(answer.body.meta.sample.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(await left()).toEqual(ids);
  });

  test("lifting covers only one reason and time in its environment", async () => {
    const [old, recent, wish] = [
      await suppressed("bounced"),
      await suppressed("bounced"),
      await suppressed("opted_out"),
    ];
    await buildPerson(guildhall, { environment: "elsewhere" });
    const foreign = await suppressed("bounced", uniqueEmail(), guildhall.api.in("elsewhere"));
    await guildhall.db("suppressions").where({ id: old }).update({ created_at: "2026-01-01T10:00:00Z" });
    expect(await lift("filter[reason]=bounced&filter[created_since]=2026-01-02T00:00:00Z")).toMatchObject(
      counts(1, 0),
    );
    expect(await left()).toEqual([old, wish, foreign]);
    expect(await eventTypesOf(guildhall, recent)).toEqual(["suppression.created", "suppression.deleted"]);
    expect(await lift("filter[reason]=bounced&filter[created_until]=2026-01-01T10:00:01Z")).toMatchObject(
      counts(1, 0),
    );
    expect(await left()).toEqual([wish, foreign]);
  });

  test("lifts thousands in chunks, and returns how many are left", async () => {
    const { environment_id } = organization;
    const rows = Array.from({ length: 10_005 }, (_, n) => {
      const id = `sup_0${String(n).padStart(25, "0")}`;
      return { id, environment_id, email_canonical: `${n}@example.com`, reason: "bounced" };
    });
    await guildhall.db.batchInsert("suppressions", rows, 2_000);
    expect(await lift("filter[reason]=bounced")).toMatchObject(counts(10_000, 5));
    expect(await lift("filter[reason]=bounced")).toMatchObject(counts(5, 0));
  }, 60_000);

  test.each(["complained", "opted_out"])(
    "lifting keeps suppressions people asked for unless told otherwise: %s",
    async (reason) => {
      const id = await suppressed(reason);
      expect(await lift(`filter[reason]=${reason}`)).toMatchObject(refusal(422, "against_their_wish"));
      expect(await lift(`filter[reason]=${reason}`, { dry_run: true })).toMatchObject(counts(0, 1));
      expect(await left()).toEqual([id]);
      expect(await lift(`filter[reason]=${reason}`, { against_their_wish: true })).toMatchObject(
        counts(1, 0),
      );
    },
  );

  test.each([
    ["", "filter[reason]"],
    ["filter[reason]=disliked", "filter[reason]"],
    ["filter[reason]=bounced&filter[created_since]=yesterday", "filter[created_since]"],
  ])("needs a reason and valid times: %s", async (query, parameter) => {
    const answer = await lift(query);
    expect(answer).toMatchObject(refusal(400, "invalid_parameter"));
    expect(answer.body.errors[0].detail + JSON.stringify(answer.body.errors[0].source)).toContain(parameter);
  });
});

describe("resending by a filter", () => {
  const resend = (query: string, api: Api = guildhall.api, meta?: object) =>
    api.post(`/api/invitations/resend?${query}`, meta && { meta });
  const here = (more = "") => `filter[organization]=${organization.id}${more}`;
  const run = () => runInvitationBatches(guildhall.jobContext, () => false);

  async function sendable(options: Parameters<typeof invited>[2] = {}, to = organization): Promise<Invited> {
    const invitation = await invited(guildhall, to, options);
    await letCoolDown(guildhall, invitation.id);
    return invitation;
  }

  /** A completed batch and the outcomes of its rows. */
  async function finished(answer: ApiAnswer) {
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    await run();
    const { body } = await guildhall.api.get(`${answer.headers.get("Location")}?include=rows`);
    const rows = body.included.map(
      ({ attributes: { email, status, code } }: { attributes: object & Record<string, string> }) => [
        email,
        status,
        code,
      ],
    );
    return { ...body.data.attributes, rows };
  }

  const version = async ({ id }: Invited) =>
    (await guildhall.db("invitations").where({ id }).first()).token_version;

  test("resending by a filter treats each match like a single invitation", async () => {
    const [one, two, accepted] = [await sendable(), await sendable(), await sendable()];
    await answerByLink(guildhall, accepted, "accept");
    const fresh = await invited(guildhall, organization);
    const answer = await resend(here(), asOwner());
    expect(answer.body.data.attributes).toMatchObject({ kind: "resend", status: "queued", total_count: 3 });
    expect(await finished(answer)).toMatchObject({
      status: "completed",
      resent_count: 2,
      failed_count: 1,
      rows: [
        [one.email, "resent", null],
        [two.email, "resent", null],
        [fresh.email, "failed", "resend_too_soon"],
      ],
    });
    expect([await version(one), await version(two), await version(fresh)]).toEqual([2, 2, 1]);
    expect((await eventsOf(guildhall, one.id)).at(-1)).toMatchObject({
      type: "invitation.resent",
      actor_user_id: owner.user.id,
    });
    await sendDue(guildhall);
    await guildhall.mailbox.waitFor(one.email);
    expect(await eventTypesOf(guildhall, answer.body.data.id)).toEqual([
      "invitation_batch.created",
      "invitation_batch.completed",
    ]);
  });

  test("counts and judges in a dry run, and sends nothing", async () => {
    const [one, fresh] = [await sendable(), await invited(guildhall, organization)];
    const answer = await resend(here(), asOwner(), { dry_run: true });
    expect(await finished(answer)).toMatchObject({
      dry_run: true,
      total_count: 2,
      rows: [
        [one.email, "resent", null],
        [fresh.email, "failed", "resend_too_soon"],
      ],
    });
    expect(await version(one)).toBe(1);
    expect(await deliveriesOf(guildhall, one.id)).toHaveLength(1);
  });

  test("reopens expired ones on request, unless a newer one is pending", async () => {
    const [old, replaced, pending] = [await sendable(), await sendable(), await sendable()];
    for (const { id } of [old, replaced]) await expiresIn(guildhall, id, -1);
    await invited(guildhall, organization, { email: replaced.email });
    expect(await finished(await resend(here("&filter[status]=expired"), asOwner()))).toMatchObject({
      rows: [
        [old.email, "resent", null],
        [replaced.email, "failed", "invitation_pending"],
      ],
    });
    expect(await version(pending)).toBe(1);
  });

  test("covers organizations for a program, within a time", async () => {
    const other = await buildOrganization(guildhall, await buildPerson(guildhall));
    const all = [await sendable(), await sendable({}, other)];
    const ids = all.map(({ id }) => id);
    await guildhall.db("invitations").whereIn("id", ids).update({ created_at: "2025-05-01T12:00:00Z" });
    const client = await buildClient(guildhall, ["invitations:read", "invitations:write"]);
    const program = bearing(guildhall, await accessToken(guildhall, client));
    const time = "filter[created_since]=2025-05-01T00:00:00Z&filter[created_until]=2025-05-02T00:00:00Z";
    const answer = await resend(time, program);
    expect(answer.body.data.relationships.organization.data).toBeNull();
    expect((await finished(answer)).rows.map(([email]: string[]) => email)).toEqual(
      all.map(({ email }) => email),
    );
    expect((await asOwner().get(answer.headers.get("Location") ?? "")).status).toBe(404);
  });

  test.each([
    ["&filter[delivery_status]=failed", ["failed"]],
    ["&filter[delivery_status]=failed,suppressed", ["failed", "suppressed"]],
    ["&filter[delivery_status]=suppressed,sent", ["suppressed", "sent"]],
    ["&filter[search]=invitee-whose", ["failed", "suppressed", "sent"]],
    ["&filter[search]=whose-email-failed&filter[delivery_status]=failed,sent", ["failed"]],
  ])("takes the list's filters, also with several values: %s", async (query, states) => {
    const named = (state: string) => `invitee-whose-email-${state}-${uniqueEmail()}`;
    const made = [];
    for (const state of ["failed", "suppressed", "sent"]) {
      const invitation = await sendable({ email: named(state) });
      await guildhall
        .db("mail_deliveries")
        .where({ invitation_id: invitation.id })
        .update({ state, due_at: null });
      made.push([state, invitation.email] as const);
    }
    await sendable();
    const expected = made.flatMap(([state, email]) => (states.includes(state) ? [email] : []));
    for (const api of [asOwner(), guildhall.api]) {
      const { rows } = await finished(await resend(here(query), api, { dry_run: true }));
      expect(rows.map(([email]: string[]) => email)).toEqual(expected);
    }
  });

  test("resending sends suppressed emails once their suppressions are lifted", async () => {
    const email = uniqueEmail();
    const attributes = { email, reason: "bounced" };
    await guildhall.api.post("/api/suppressions", { data: { type: "suppression", attributes } });
    const invitation = await sendable({ email });
    await sendDue(guildhall);
    expect(guildhall.mailbox.received.some(({ to }) => to.includes(email))).toBe(false);
    await guildhall.api.post(`/api/suppressions/lift?filter[reason]=bounced&filter[email]=${email}`);
    expect(await finished(await resend(here()))).toMatchObject({ resent_count: 1 });
    await sendDue(guildhall);
    await guildhall.mailbox.waitFor(email);
    expect((await guildhall.api.get(invitation.path)).body.data.attributes.delivery_status).toBe("sent");
  });

  test("continues after a kill, and stops when it is canceled", async () => {
    const all = [await sendable(), await sendable(), await sendable()];
    const answer = await resend(here(), asOwner());
    let looks = 0;
    await runInvitationBatches(guildhall.jobContext, () => ++looks > 1);
    expect(await Promise.all(all.map(version))).toEqual([2, 1, 1]);
    const path = answer.headers.get("Location") ?? "";
    expect((await asOwner().get(path)).body.data.attributes).toMatchObject({
      status: "running",
      resent_count: 1,
    });
    looks = 0;
    await runInvitationBatches(guildhall.jobContext, () => ++looks > 1);
    expect((await asOwner().post(`${path}/cancel`)).status).toBe(200);
    await run();
    expect(await Promise.all(all.map(version))).toEqual([2, 2, 1]);
  });

  test("of a whole environment is canceled by a program", async () => {
    await sendable();
    const answer = await resend("filter[status]=pending");
    const path = answer.headers.get("Location") ?? "";
    expect((await asOwner().post(`${path}/cancel`)).status).toBe(404);
    expect((await guildhall.api.post(`${path}/cancel`)).body.data.attributes.status).toBe("canceled");
  });

  test("resending by a filter counts the sender's current permissions", async () => {
    await guildhall
      .db("organizations")
      .where({ id: organization.id })
      .update({ member_management: "owner_and_admins" });
    const admin = await buildMember(guildhall, organization, "admin");
    const invitation = await sendable();
    const answer = await resend(here(), guildhall.api.as(admin.token));
    await guildhall.api.delete(`/api/memberships/${admin.membership.id}`);
    expect(await finished(answer)).toMatchObject({ rows: [[invitation.email, "failed", "forbidden"]] });
    expect(await version(invitation)).toBe(1);
  });

  test("revokes what its inviter could no longer send", async () => {
    const member = await buildMember(guildhall, organization, "member");
    const invitation = await sendable();
    const inviter_user_id = member.user.id;
    await guildhall.db("invitations").where({ id: invitation.id }).update({ inviter_user_id });
    expect(await finished(await resend(here()))).toMatchObject({
      rows: [[invitation.email, "failed", "invitation_revoked"]],
    });
    expect(await guildhall.db("invitations").where({ id: invitation.id }).first()).toMatchObject({
      status: "revoked",
    });
  });

  test("is completed at once if nothing matches", async () => {
    const answer = await resend(here(), asOwner());
    await run();
    expect((await asOwner().get(answer.headers.get("Location") ?? "")).body.data.attributes).toMatchObject({
      status: "completed",
      total_count: 0,
    });
  });

  test("resending by a filter needs a filter and an organization", async () => {
    expect(await resend("")).toMatchObject(refusal(400, "filter_needed"));
    expect(await resend("filter[status]=pending", asOwner())).toMatchObject(refusal(400, "filter_needed"));
    expect(await resend(here("&filter[status]=accepted"))).toMatchObject(refusal(400, "invalid_parameter"));
    const outsider = guildhall.api.as((await buildPerson(guildhall)).token);
    expect(await resend(here(), outsider)).toMatchObject(refusal(404, "not_found"));
    const missing = `filter[organization]=${newId("org")}`;
    expect(await resend(missing)).toMatchObject(refusal(404, "not_found"));
  });

  test("takes 10,000 at most, and says how to narrow the filters", async () => {
    const { id: organization_id, environment_id } = organization;
    const rows = Array.from({ length: 10_001 }, (_, n) => {
      const [id, email] = [`inv_0${String(n).padStart(25, "0")}`, `${n}@example.com`];
      const expires_at = "2099-01-01";
      return { id, environment_id, organization_id, email, email_canonical: email, expires_at };
    });
    await guildhall.db.batchInsert("invitations", rows, 1_000);
    const answer = await resend(here(), asOwner());
    expect(answer).toMatchObject(refusal(422, "too_many_invitations"));
    expect(answer.body.errors[0].detail).toContain("filter[created_since]");
    await guildhall.db("invitations").where({ organization_id }).delete();
  }, 60_000);
});
