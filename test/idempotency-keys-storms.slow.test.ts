import { beforeAll, describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import type { ApiAnswer } from "./support/api.ts";
import { buildMember, buildOrganization, buildPerson, unique } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { atOnce, eventTypesOf, sendDue, statuses } from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";
import { ask, expectOnce, insist, isReplay, type Wish, wishFor } from "./support/wishes.ts";

const guildhall = useGuildhall();
let organization: Organization;

beforeAll(async () => {
  organization = await buildOrganization(guildhall, await buildPerson(guildhall));
});

const header = { header: "Idempotency-Key" };
const reused = refusal(422, "idempotency_key_reused", header);

describe("simultaneous requests:", { timeout: 120_000 }, () => {
  test("200 with one key and 200 with it and another body are done once in all", async () => {
    const key = unique("key");
    const [one, two] = [wishFor(organization, key), wishFor(organization, key)];
    const received = new Map<Wish, ApiAnswer[]>([
      [one, []],
      [two, []],
    ]);
    const note = async (wish: Wish) => void received.get(wish)?.push(await ask(guildhall.api, wish));
    // Both by each of 200 connections: more would exceed this process's own deadline.
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        for (const wish of n % 2 === 0 ? [one, two] : [two, one]) await note(wish);
      }),
    );
    const isDone = (answer: ApiAnswer) => answer.status === 201 && !isReplay(answer);
    const [won, lost] = received.get(one)?.some(isDone) ? [one, two] : [two, one];
    const [mine = [], theirs = []] = [received.get(won), received.get(lost)];
    const [done, ...others] = [...mine, ...theirs].filter(isDone);
    expect(others).toEqual([]);
    for (const answer of [...mine, ...theirs].filter(({ status }) => status === 409)) {
      expect(answer).toMatchObject(refusal(409, "idempotency_in_progress", header));
      expect(answer.headers.get("Retry-After")).toBe("1");
    }
    for (const { status, body } of mine) if (status !== 409) expect(body).toEqual(done?.body);
    for (const answer of theirs) if (answer.status !== 409) expect(answer).toMatchObject(reused);

    const later = await atOnce(100, () => ask(guildhall.api, won));
    expect(later.every(isReplay)).toBe(true);
    await expectOnce(guildhall, won, later);
    expect(statuses(await atOnce(50, () => ask(guildhall.api, lost)))).toEqual({ 422: 50 });
    await sendDue(guildhall);
    const mailed = guildhall.mailbox.received.flatMap(({ to }) => to);
    expect(mailed.filter((to) => [one.email, two.email].includes(to))).toEqual([won.email]);
  });

  test("200 with 20 keys, ten times each, are done once per key", async () => {
    const asked = Array.from({ length: 20 }, () => wishFor(organization));
    const answers = await atOnce(200, (n) => insist(guildhall.api, asked[n % 20] as Wish));
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(20);
    for (const [n, wish] of asked.entries())
      await expectOnce(
        guildhall,
        wish,
        answers.filter((_, index) => index % 20 === n),
      );
  });

  test("the loser of a deadlock is repeated and done once", async () => {
    const { db, api } = guildhall;
    const { user } = await buildMember(guildhall, organization, "member");
    const deadlocks = async () =>
      (await db("pg_stat_database").whereRaw("datname = current_database()").first("deadlocks")).deadlocks;
    const before = await deadlocks();
    // Deleting a user locks their organizations first.
    const crossing = db.transaction(async (trx) => {
      await trx.raw("set local deadlock_timeout = '10s'");
      await trx("users").where({ id: user.id }).forUpdate().select("id");
      await expect.poll(waiting).toBe(1);
      await trx("organizations").where({ id: organization.id }).forNoKeyUpdate().select("id");
    });
    const key = { "Idempotency-Key": unique("key") };
    const deletion = await api.delete(`/api/users/${user.id}`, key);
    await crossing;
    expect(deletion).toMatchObject({ status: 204 });
    expect(await eventTypesOf(guildhall, user.id)).toEqual(["user.created", "user.deleted"]);
    await expect.poll(deadlocks, { timeout: 10_000 }).toBe(before + 1);
    expect(isReplay(await api.delete(`/api/users/${user.id}`, key))).toBe(true);
  });
});

/** The number of connections that wait for a lock. */
async function waiting(): Promise<number> {
  const ours = guildhall.db("pg_stat_activity").whereRaw("datname = current_database()");
  return (await ours.where({ wait_event_type: "Lock" })).length;
}
