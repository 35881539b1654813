import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expireInvitations } from "../src/invitations/expire-invitations.ts";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import type { ApiAnswer } from "./support/api.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { backends, type Guildhall, startGuildhall } from "./support/guildhall.ts";

const never = () => false;
let guildhall: Guildhall;
let organization: Organization;

async function start(options: Parameters<typeof startGuildhall>[0]): Promise<void> {
  guildhall = await startGuildhall(options);
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
}

describe.each(backends())("the schedule, queue on %s", (backend) => {
  beforeAll(() => start({ backend, worker: true, settings: { EXPIRE_EVERY: 200 } }));
  afterAll(() => guildhall.stop());

  test("records expired invitations by itself", async () => {
    const { id } = await invited({ seconds: 0.05 });
    await expect.poll(() => read(id), { timeout: 10_000 }).toMatchObject({ status: "expired" });
    expect(await eventsOf(id)).toEqual(["invitation.created", "invitation.expired"]);
  });
});

describe("the expiry sweep", () => {
  beforeAll(() => start({}));
  afterAll(() => guildhall.stop());
  beforeEach(() => guildhall.db("invitations").del());

  test("expires any number, in batches, with one event each", async () => {
    const ids = await overdue(2_500);
    expect(await expireInvitations(guildhall.db, never)).toBe(2_500);
    expect(await countOf("invitations", { status: "expired" })).toBe(2_500);
    const expired = guildhall.db("events").whereIn("subject_id", ids).where({ type: "invitation.expired" });
    const [counts] = await expired.select(
      guildhall.db.raw("count(*)::int, count(distinct subject_id)::int as of"),
    );
    expect(counts).toEqual({ count: 2_500, of: 2_500 });
  });

  test("stops between two batches when the process stops", async () => {
    await overdue(2_500);
    let batches = 0;
    expect(await expireInvitations(guildhall.db, () => batches++ >= 1)).toBe(1_000);
    expect(await countOf("invitations", { status: "pending" })).toBe(1_500);
  });

  test("expires each invitation once, even if three workers share it", async () => {
    await overdue(2_500);
    const totals = await Promise.all([1, 2, 3].map(() => expireInvitations(guildhall.db, never)));
    // A worker that skipped a locked row may have stopped early: the next run takes what is left.
    totals.push(await expireInvitations(guildhall.db, never));
    expect(totals.reduce((sum, n) => sum + n)).toBe(2_500);
    expect(await countOf("invitations", { status: "expired" })).toBe(2_500);
  });

  test("leaves locked rows to its next run", async () => {
    const [held = ""] = await overdue(3);
    await guildhall.db.transaction(async (trx) => {
      await trx("invitations").where({ id: held }).forUpdate();
      expect(await expireInvitations(guildhall.db, never)).toBe(2);
    });
    expect(await expireInvitations(guildhall.db, never)).toBe(1);
  });

  test("leaves alone invitations that aren't due or are closed", async () => {
    const open = await invited({ seconds: 60 });
    const revoked = await invited({ seconds: 60 });
    expect((await guildhall.api.post(`/api/invitations/${revoked.id}/revoke`)).status).toBe(200);
    await guildhall.db("invitations").where({ id: revoked.id }).update({ expires_at: "2020-01-01" });
    expect(await expireInvitations(guildhall.db, never)).toBe(0);
    expect(await read(open.id)).toMatchObject({ status: "pending", expired_at: null });
    expect(await read(revoked.id)).toMatchObject({ status: "revoked", expired_at: null });
  });

  test("can run twice", async () => {
    const { id } = await invited({ seconds: -1 });
    await expireInvitations(guildhall.db, never);
    const once = await read(id);
    expect(await expireInvitations(guildhall.db, never)).toBe(0);
    expect(await read(id)).toEqual(once);
  });
});

describe("an overdue invitation, before any sweep,", () => {
  beforeAll(() => start({}));
  afterAll(() => guildhall.stop());

  test("an overdue invitation reads as expired, alone and in lists", async () => {
    const { id, email } = await invited({ seconds: -1 });
    expect((await guildhall.api.get(`/api/invitations/${id}`)).body.data.attributes.status).toBe("expired");
    const list = (status: string) =>
      guildhall.api.get(
        `/api/invitations?filter[status]=${status}&filter[email]=${encodeURIComponent(email)}`,
      );
    expect((await list("expired")).body.data).toHaveLength(1);
    expect((await list("pending")).body.data).toHaveLength(0);
    expect(await read(id)).toMatchObject({ status: "pending" });
  });

  test.each(["accept", "decline"] as const)(
    "an overdue invitation can't be answered by its link: %s",
    async (how) => {
      const invitation = await invited({ seconds: -1 });
      const { status, body } = await answer(invitation, how);
      expect([status, body.errors[0].code]).toEqual([409, "invitation_expired"]);
      expect(await countOf("users", { email: invitation.email })).toBe(0);
    },
  );

  test("nobody accepts an overdue invitation, by session or as operator", async () => {
    const { api } = guildhall;
    const { user, token } = await buildPerson(guildhall);
    const { id } = await invited({ seconds: -1, email: user.email });
    const path = `/api/invitations/${id}/accept`;
    const signedIn = await api.as(token).post(path, { meta: {} });
    const operator = await api.post(path, { meta: { user_id: user.id } });
    for (const { status, body } of [signedIn, operator])
      expect([status, body.errors[0].code]).toEqual([409, "invitation_expired"]);
    expect(await countOf("memberships", { user_id: user.id })).toBe(0);
  });

  test("an overdue invitation's page says it has expired and has no button", async () => {
    const { id, token, email } = await invited({ seconds: -1 });
    const api = guildhall.api.as(null);
    const headers = { Cookie: `${id}=${token}`, Accept: "text/html" };
    const shown = await api.get(`/invitations/${id}`, headers);
    expect(shown.status).toBe(410);
    expect(shown.body).not.toContain("<form");
    const form = { ...headers, "Content-Type": "application/x-www-form-urlencoded" };
    const posted = await api.post(`/invitations/${id}/accept`, `token=${token}`, form);
    expect(posted.status).toBe(410);
    expect(await countOf("users", { email })).toBe(0);
  });

  test("an overdue invitation makes room for a new one, and expires then", async () => {
    const { id, email } = await invited({ seconds: -1 });
    expect((await invite(guildhall, organization, email)).status).toBe(201);
    expect(await read(id)).toMatchObject({ status: "expired" });
  });

  test("an accept at the moment of expiry is judged by the database's clock", async () => {
    for (let round = 0; round < 25; round += 1) {
      const invitation = await invited({ seconds: 0.03 });
      const answers: ApiAnswer[] = [];
      const accepting = Array.from({ length: 6 }, async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 8));
        answers.push(await answer(invitation, "accept"));
      });
      await Promise.all([
        ...accepting,
        until(invitation.id).then(() => expireInvitations(guildhall.db, never)),
      ]);
      const row = await read(invitation.id);
      for (const { status, body } of answers) {
        if (row.status === "accepted")
          expect(status === 200 || body.errors[0].code === "invitation_expired").toBe(true);
        else expect([status, body.errors?.[0].code]).toEqual([409, "invitation_expired"]);
      }
      // The clock is read for the guard and again for the row; a busy machine may pause in between.
      expect(row.late ?? 0).toBeLessThan(0.5);
    }
  });
});

interface Invited {
  id: string;
  email: string;
  token: string;
}

/** @param seconds until it expires, by the database's clock. */
async function invited({
  seconds,
  email = uniqueEmail(),
}: {
  seconds: number;
  email?: string;
}): Promise<Invited> {
  const { status, body } = await invite(guildhall, organization, email);
  expect(status).toBe(201);
  const { id } = body.data;
  const expiry =
    "update invitations set expires_at = clock_timestamp() + make_interval(secs => ?) where id = ?";
  await guildhall.db.raw(expiry, [seconds, id]);
  return { id, email, token: guildhall.context.linkKeys.sign({ invitationId: id, tokenVersion: 1 }) };
}

/** Inserts so many overdue invitations by SQL. @returns their ids. */
async function overdue(count: number): Promise<string[]> {
  const { environment_id, id: organization_id } = organization;
  const rows = Array.from({ length: count }, (_, n) => {
    const email = `overdue-${n}@example.com`;
    const row = { id: newId("inv"), environment_id, organization_id, email, email_canonical: email };
    return { ...row, expires_at: "2020-01-01" };
  });
  await guildhall.db.batchInsert("invitations", rows);
  return rows.map(({ id }) => id);
}

function answer({ id, token }: Invited, how: "accept" | "decline"): Promise<ApiAnswer> {
  return guildhall.api.as(null).post(`/api/invitations/${id}/${how}`, { meta: { token } });
}

/** Waits for its expiry, by the database's clock. */
async function until(id: string): Promise<void> {
  const wait =
    "select pg_sleep(greatest(0, extract(epoch from expires_at - clock_timestamp()))) from invitations where id = ?";
  await guildhall.db.raw(wait, [id]);
}

/** The row, with the seconds by which its acceptance was late. */
function read(id: string) {
  const late = guildhall.db.raw("extract(epoch from accepted_at - expires_at)::float as late");
  return guildhall.db("invitations").where({ id }).first("*", late);
}

async function countOf(table: string, where: object): Promise<number> {
  return Number((await guildhall.db(table).where(where).count().first())?.count);
}

function eventsOf(id: string): Promise<string[]> {
  return guildhall.db("events").where({ subject_id: id }).orderBy("id").pluck("type");
}
