import { describe, expect, test } from "vitest";
import { Refusal } from "../src/errors.ts";
import { createRateLimiter, LIMITS } from "../src/http/rate-limiter.ts";
import { buildOrganization, buildPerson, invitationTo, invite, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

/** The statuses of this many requests, and how often each came. */
async function tally(
  times: number,
  send: () => Promise<{ status: number }>,
): Promise<Record<number, number>> {
  const answers = await Promise.all(Array.from({ length: times }, send));
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

test("a user who invites too often gets 429 with Retry-After; others go on", async () => {
  const [jane, john] = [await buildPerson(guildhall), await buildPerson(guildhall)];
  const { id } = await buildOrganization(guildhall, jane);
  const api = guildhall.api.as(jane.token);
  const send = () => api.post("/api/invitations", invitationTo(id, "no address"));
  const { requests } = LIMITS.invite;
  expect(await tally(requests + 5, send)).toEqual({ 422: requests, 429: 5 });

  const refused = await send();
  expect(refused).toMatchObject({ status: 429, body: { errors: [{ code: "too_many_requests" }] } });
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(Number(refused.headers.get("Retry-After"))).toBeLessThanOrEqual(LIMITS.invite.seconds);
  expect(await api.get("/api/organizations")).toMatchObject({ status: 200 });
  const byJohn = await guildhall.api.as(john.token).post("/api/invitations", invitationTo(id, "no address"));
  expect(byJohn.status).toBe(422);
});

test("the operator has no limit", async () => {
  const { id } = await buildOrganization(guildhall, await buildPerson(guildhall));
  const times = LIMITS.invite.requests * 2;
  const send = () => guildhall.api.post("/api/invitations", invitationTo(id, "no address"));
  expect(await tally(times, send)).toEqual({ 422: times });
});

test("trying many links gets 429 after a while, and a genuine link still works", async () => {
  const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  const { body } = await invite(guildhall, organization, uniqueEmail());
  const path = `${body.data.links.self}/accept`;
  const { requests } = LIMITS.wrong_link;
  const guess = () => guildhall.api.as(null).post(path, { meta: { token: "guess" } });
  expect(await tally(requests + 5, guess)).toEqual({ 404: requests, 429: 5 });

  const token = guildhall.context.linkKeys.sign({ invitationId: body.data.id, tokenVersion: 1 });
  expect(await guildhall.api.as(null).post(path, { meta: { token } })).toMatchObject({ status: 200 });
});

describe("the rate limiter", () => {
  /** Counts this often. @returns the refusal, if there is one. */
  function count(
    limiter: ReturnType<typeof createRateLimiter>,
    who: string,
    times: number,
  ): Refusal | undefined {
    try {
      for (let n = 0; n < times; n += 1) limiter.count("invite", who);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }
  const { requests, seconds } = LIMITS.invite;

  test("allows the limit, then answers 429 with Retry-After", () => {
    let now = 0;
    const limiter = createRateLimiter(() => now);
    expect(count(limiter, "jane", requests)).toBeUndefined();
    now = 10_500;
    const refused = count(limiter, "jane", 1);
    expect(refused).toMatchObject({ status: 429, code: "too_many_requests" });
    expect(refused?.headers["Retry-After"]).toBe(String(seconds - 10));
  });

  test("starts over exactly when the window ends", () => {
    let now = 0;
    const limiter = createRateLimiter(() => now);
    count(limiter, "jane", requests);
    now = seconds * 1_000 - 1;
    expect(count(limiter, "jane", 1)).toBeDefined();
    now += 1;
    expect(count(limiter, "jane", requests)).toBeUndefined();
  });

  test("counts each caller and each kind of request separately", () => {
    const limiter = createRateLimiter(() => 0);
    count(limiter, "jane", requests + 1);
    expect(count(limiter, "john", requests)).toBeUndefined();
    expect(() => limiter.count("read", "jane")).not.toThrow();
  });
});
