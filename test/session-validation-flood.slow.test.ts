import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createIdentitySources } from "../src/access/identities/identity-sources.ts";
import { createRateLimiter, LIMITS } from "../src/http/rate-limiter.ts";
import { type AuthService, BRIDGE_SECRET, startAuthService, valid } from "./support/auth-service.ts";
import { buildEnvironment, buildPerson, unique, uniqueEmail } from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";

let service: AuthService;
let guildhall: Guildhall;

beforeAll(async () => {
  service = await startAuthService();
  guildhall = await startGuildhall({
    settings: { SESSION_VALIDATION_URL: service.url, BRIDGE_VALIDATION_SECRET: BRIDGE_SECRET, PROXIES: 1 },
  });
  await buildEnvironment(guildhall);
});
afterAll(async () => {
  await guildhall.stop();
  await service.stop();
});
beforeEach(() => {
  guildhall.context.limiter = createRateLimiter();
  guildhall.context.identities = createIdentitySources(guildhall.settings, { timeout: 25_000 });
});

const ATTACKER = "203.0.113.66";
const { requests } = LIMITS.wrong_credential;

const ask = (token: string, address: string) =>
  guildhall.api.as(token).get("/api/users", { "X-Forwarded-For": address });
const madeUp = (count: number) => Array.from({ length: count }, () => unique("made-up-token"));
const questionsAbout = (tokens: string[]) => tokens.flatMap((token) => service.asked(token)).length;

function buildToken(): string {
  const token = unique("session-of-the-service");
  service.says(token, valid({ id: unique("subject"), email: uniqueEmail(), is_verified: true }));
  return token;
}

/** Makes the service hold its responses about these tokens until they are let go. */
function hold(tokens: string[]): ServerResponse[] {
  const held: ServerResponse[] = [];
  for (const token of tokens) service.says(token, (response) => held.push(response));
  return held;
}

const letGo = (held: ServerResponse[]) => {
  for (const response of held.splice(0)) response.writeHead(404).end();
};

test("an IP with too many unknown tokens gets 429, and they are not checked", async () => {
  const [known, tokens] = [buildToken(), madeUp(requests)];
  expect((await ask(known, ATTACKER)).status).toBe(200);
  for (const token of tokens) expect((await ask(token, ATTACKER)).status).toBe(401);

  const more = madeUp(20);
  const answers = await Promise.all(more.map((token) => ask(token, ATTACKER)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([429]));
  expect(Number(answers[0]?.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(questionsAbout(more)).toBe(0);

  const person = await buildPerson(guildhall);
  expect((await ask(person.token, ATTACKER)).status).toBe(200);
  expect((await ask(known, ATTACKER)).status).toBe(200);
  expect((await ask(buildToken(), "198.51.100.7")).status).toBe(200);
});

test("an IPv6 network counts as one IP", async () => {
  for (const [n, token] of madeUp(requests).entries()) await ask(token, `2001:db8:0:1::${n.toString(16)}`);
  expect((await ask(buildToken(), "2001:db8:0:1:ffff::1")).status).toBe(429);
  expect((await ask(buildToken(), "2001:db8:0:2::1")).status).toBe(200);
});

test("tokens that arrive at once are checked a few at a time, up to the limit", async () => {
  const tokens = madeUp(60);
  const held = hold(tokens);
  const flood = Promise.all(tokens.map((token) => ask(token, ATTACKER)));
  await vi.waitFor(() => expect(held).toHaveLength(20), { timeout: 20_000 });
  // Other addresses are served at the same time.
  expect((await ask(buildToken(), "198.51.100.8")).status).toBe(200);
  expect(held).toHaveLength(20);
  const letting = setInterval(() => letGo(held), 10);
  expect(new Set((await flood).map(({ status }) => status))).toEqual(new Set([401]));
  clearInterval(letting);
});

test("an IP outside a flood gets the next free place", async () => {
  const tokens = madeUp(150);
  const held = hold(tokens);
  const flood = Promise.all(tokens.map((token, n) => ask(token, `203.0.113.${n % 6}`)));
  await vi.waitFor(() => expect(held).toHaveLength(100), { timeout: 20_000 });
  const genuine = ask(buildToken(), "198.51.100.9");
  const settled = vi.fn();
  void genuine.then(settled);
  const letting = setInterval(() => held.splice(0, 1)[0]?.writeHead(404).end(), 20);
  expect((await genuine).status).toBe(200);
  clearInterval(letting);
  const rest = setInterval(() => letGo(held), 10);
  await flood;
  clearInterval(rest);
});
