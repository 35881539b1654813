import { describe, expect, test } from "vitest";
import type { ApiAnswer } from "./support/api.ts";
import { buildInvitationTo, buildPerson, type Person } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

const as = ({ token }: Person) => guildhall.api.as(token);

async function makeOverdue(id: string): Promise<void> {
  const expires_at = guildhall.db.raw("now() - interval '1 second'");
  await guildhall.db("invitations").where({ id }).update({ expires_at });
}

function expectStatus(answer: ApiAnswer, status: string): void {
  expect(answer).toMatchObject({
    status: 200,
    body: { data: { type: "invitation", attributes: { status } } },
  });
}

describe("revoking", () => {
  test("the invitee can't revoke, only decline", async () => {
    const { invitee, path } = await buildInvitationTo(guildhall);
    expect(await as(invitee).post(`${path}/revoke`)).toMatchObject(refusal(404, "not_found"));
  });
});

describe("the same action again", () => {
  test.each([
    ["accept", "accepted"],
    ["decline", "declined"],
  ])("repeating %s returns the same success and happens once", async (answer, status) => {
    const { invitee, path, id } = await buildInvitationTo(guildhall);
    const first = await as(invitee).post(`${path}/${answer}`);
    const second = await as(invitee).post(`${path}/${answer}`);
    expectStatus(second, status);
    expect(second.body).toEqual(first.body);
    const events = await guildhall.db("events").where({ subject_id: id, type: `invitation.${status}` });
    expect(events).toHaveLength(1);
  });

  test("revoking again returns the same success", async () => {
    const { owner, path } = await buildInvitationTo(guildhall);
    const first = await as(owner).post(`${path}/revoke`);
    expect((await as(owner).post(`${path}/revoke`)).body).toEqual(first.body);
  });

  test("accepting again for another user is a 409", async () => {
    const { path, invitee } = await buildInvitationTo(guildhall);
    const second = await buildPerson(guildhall);
    await guildhall.api.post(`${path}/accept`, { meta: { user_id: invitee.user.id } });
    const again = await guildhall.api.post(`${path}/accept`, { meta: { user_id: second.user.id } });
    expect(again).toMatchObject(refusal(409, "invitation_accepted"));
  });
});

test.each([
  ["decline", "declined"],
  ["revoke", "revoked"],
])("an expired invitation that is revived while %s waits is ended", async (action, status) => {
  const { owner, invitee, path, id } = await buildInvitationTo(guildhall);
  const { db } = guildhall;
  const [{ organization_id }] = await db("invitations")
    .where({ id })
    .update({ status: "expired", expired_at: db.fn.now(), expires_at: db.raw("now() - interval '1 second'") })
    .returning("organization_id");
  const trx = await db.transaction();
  // As resending does: the organization's lock first.
  await trx("organizations").where({ id: organization_id }).forNoKeyUpdate().first();
  const answer = as(action === "decline" ? invitee : owner).post(`${path}/${action}`);
  const waits = "wait_event_type = 'Lock' and datname = current_database()";
  await expect.poll(() => db("pg_stat_activity").whereRaw(waits), { timeout: 10_000 }).toHaveLength(1);
  const revived = { status: "pending", expired_at: null, expires_at: db.raw("now() + interval '1 day'") };
  await trx("invitations").where({ id }).update(revived);
  await trx.commit();
  expectStatus(await answer, status);
});

describe("a different action afterwards is a 409 that says what happened", () => {
  const closings = {
    accepted: ({ path, invitee }: { path: string; invitee: Person }) => as(invitee).post(`${path}/accept`),
    declined: ({ path, invitee }: { path: string; invitee: Person }) => as(invitee).post(`${path}/decline`),
    revoked: ({ path }: { path: string }) => guildhall.api.post(`${path}/revoke`),
    expired: ({ id }: { id: string }) => makeOverdue(id),
  };
  const answers = { accept: "accepted", decline: "declined", revoke: "revoked" };
  const cases = Object.keys(closings).flatMap((state) =>
    Object.entries(answers)
      .filter(([, same]) => same !== state)
      .map(([answer]) => [state as keyof typeof closings, answer] as const),
  );

  test.each(cases)("%s, then %s", async (state, answer) => {
    const invitation = await buildInvitationTo(guildhall);
    await closings[state](invitation);
    const who = answer === "revoke" ? guildhall.api : as(invitation.invitee);
    const late = await who.post(`${invitation.path}/${answer}`);
    expect(late).toMatchObject(refusal(409, `invitation_${state}`));
    expectStatus(await guildhall.api.get(invitation.path), state);
  });
});

describe("the advice of a refusal", () => {
  const states = {
    accepted: ({ path, invitee }: { path: string; invitee: Person }) => as(invitee).post(`${path}/accept`),
    declined: ({ path, invitee }: { path: string; invitee: Person }) => as(invitee).post(`${path}/decline`),
    revoked: ({ path }: { path: string }) => guildhall.api.post(`${path}/revoke`),
    expired: ({ id }: { id: string }) => makeOverdue(id),
  };

  test.each(Object.keys(states) as Array<keyof typeof states>)(
    "a refusal's advice fits its reader, inviter or invitee: %s",
    async (state) => {
      const { owner, invitee, ...invitation } = await buildInvitationTo(guildhall);
      await states[state]({ ...invitation, invitee });
      const { path, id } = invitation;
      const data = { type: "invitation", id, attributes: { locale: "de" } };
      const byInviters = [
        await as(owner).post(`${path}/resend`),
        await as(owner).patch(path, { data }),
        await as(owner).post(`${path}/revoke`),
        await guildhall.api.post(`${path}/link`),
        await guildhall.api.post(`${path}/accept`, { meta: { user_id: owner.user.id } }),
      ];
      const byInvitee = [await as(invitee).post(`${path}/accept`), await as(invitee).post(`${path}/decline`)];
      const sentences = (answers: ApiAnswer[]) =>
        answers.filter(({ status }) => status === 409).map(({ body }) => body.errors[0].detail);
      expect(sentences(byInviters).length).toBeGreaterThanOrEqual(3);
      for (const sentence of sentences(byInviters)) expect(sentence).not.toMatch(/\bask\b|invited you/i);
      for (const sentence of sentences(byInvitee)) expect(sentence).not.toMatch(/resend|invite the address/i);
    },
  );
});

test("an overdue invitation reads as expired before any schedule has run", async () => {
  const { id, path, organization } = await buildInvitationTo(guildhall);
  await makeOverdue(id);
  expectStatus(await guildhall.api.get(path), "expired");
  const list = `/api/invitations?filter[organization]=${organization.id}`;
  const statuses = async (filter: string) =>
    (await guildhall.api.get(list + filter)).body.data.map(
      (row: { attributes: { status: string } }) => row.attributes.status,
    );
  expect(await statuses("")).toEqual(["expired"]);
  expect(await statuses("&filter[status]=expired")).toEqual(["expired"]);
  expect(await statuses("&filter[status]=pending")).toEqual([]);
  expect(await guildhall.db("invitations").where({ id }).first()).toMatchObject({ status: "pending" });
});
