import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRateLimiter, LIMITS } from "../src/http/rate-limiter.ts";
import { newId } from "../src/lib/id.ts";
import { buildEnvironment } from "./support/builders.ts";
import { OPERATOR_TOKEN, startGuildhall, useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

beforeAll(async () => {
  await buildEnvironment(guildhall, "known-one");
});
beforeEach(() => {
  guildhall.context.limiter = createRateLimiter();
});

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const jsonApi = { "Content-Type": "application/vnd.api+json" };

interface Sent {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The answer in an environment, without the request's id. */
async function answerIn(environment: string | undefined, { path, headers, ...init }: Sent) {
  const all = new Headers(headers);
  if (environment !== undefined) all.set("X-Environment", environment);
  const answer = await fetch(guildhall.api.origin + path, { ...init, headers: all });
  const body = (await answer.text()).replaceAll(answer.headers.get("X-Request-Id") ?? "", "");
  return { status: answer.status, body };
}

const invitation = `/api/invitations/${newId("inv")}`;
const outsiders: [string, Sent][] = [
  ["a made-up bearer token", { path: "/api/organizations", headers: bearer("made-up-token-of-nobody") }],
  ["a made-up session", { path: "/api/organizations", headers: { "X-Session-ID": "made-up" } }],
  ["a made-up JWT", { path: "/api/organizations", headers: bearer("abcdefgh.ijklmnop.qrstuvwx") }],
  ["no bearer token at all", { path: "/api/organizations", headers: { Authorization: "Basic eDp5" } }],
  ["a made-up session", { path: "/bridge-payment/organizations", headers: { "X-Session-ID": "made-up" } }],
  [
    "a malformed body",
    { method: "POST", path: "/api/roles", headers: { ...bearer("made-up"), ...jsonApi }, body: "{" },
  ],
  ["no credential", { method: "POST", path: `${invitation}/accept` }],
  [
    "no link",
    {
      method: "POST",
      path: `${invitation}/accept`,
      headers: jsonApi,
      body: JSON.stringify({ meta: { token: "made-up" } }),
    },
  ],
  ["a wrong body", { method: "POST", path: `${invitation}/decline`, headers: jsonApi, body: "[]" }],
  [
    "a made-up client",
    {
      method: "POST",
      path: "/oauth/token",
      body: "grant_type=client_credentials",
      headers: {
        Authorization: `Basic ${btoa(`${newId("client")}:secret`)}`,
        "Content-Type": "application/x-www-form-urlencoded",
      },
    },
  ],
];

test.each(outsiders)("an outsider with %s can't tell whether an environment exists", async (_, sent) => {
  const known = await answerIn("known-one", sent);
  expect(known.status).toBeGreaterThanOrEqual(400);
  expect(await answerIn("unknown-one", sent)).toEqual(known);
});

test("the operator learns that an environment doesn't exist", async () => {
  const sent = { path: "/api/organizations", headers: bearer(OPERATOR_TOKEN) };
  expect((await answerIn("known-one", sent)).status).toBe(200);
  const unknown = await answerIn("unknown-one", sent);
  expect(unknown.status).toBe(404);
  expect(unknown.body).toContain("No such environment");
});

test.each([OPERATOR_TOKEN, "made-up-token"])(
  "a request with the token %s and no environment learns how to name one",
  async (token) => {
    const answer = await answerIn(undefined, { path: "/api/organizations", headers: bearer(token) });
    expect(answer.status).toBe(404);
    expect(answer.body).toContain("X-Environment");
    expect(answer.body).toContain("DEFAULT_ENVIRONMENT");
  },
);

describe("wrong tokens from an address", () => {
  const { requests } = LIMITS.wrong_credential;

  test.each([
    ["the Management API", "/api/environments", (token: string) => bearer(token)],
    ["the Bridge API", "/bridge-payment/organizations", (token: string) => ({ "X-Session-ID": token })],
  ])("wrong tokens are limited on %s, and right ones are never counted", async (_, path, credential) => {
    const guess = (n: number) => answerIn("acme-test", { path, headers: credential(`a-guess-${n}`) });
    for (let n = 0; n < requests; n += 1) expect((await guess(n)).status).toBe(401);
    expect(await guess(requests)).toMatchObject({ status: 429 });
    for (let n = 0; n < 5; n += 1)
      expect(await guildhall.api.get("/api/environments")).toMatchObject({ status: 200 });
    expect(await guildhall.api.as("one-more-guess").get("/api/users")).toMatchObject(
      refusal(429, "too_many_requests"),
    );
  });

  test("wrong tokens are limited at /metrics, and right ones still work", async () => {
    const METRICS_TOKEN = "prometheus-of-these-tests";
    const other = await startGuildhall({ settings: { METRICS_TOKEN } });
    const read = async (token: string) =>
      (await fetch(`${other.api.origin}/metrics`, { headers: bearer(token) })).status;
    for (let n = 0; n < requests; n += 1) expect(await read(`a-guess-${n}`)).toBe(401);
    expect(await read("one-more-guess")).toBe(429);
    expect([await read(METRICS_TOKEN), await read(OPERATOR_TOKEN)]).toEqual([200, 200]);
    await other.stop();
  });
});
