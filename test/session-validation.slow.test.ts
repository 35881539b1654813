import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createIdentitySources } from "../src/access/identities/identity-sources.ts";
import { purgeSessions } from "../src/access/session-commands.ts";
import { createApp } from "../src/app.ts";
import { serve } from "../src/http/serve.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import { createApi } from "./support/api.ts";
import {
  type AuthService,
  BRIDGE_SECRET,
  type Reply,
  refused,
  startAuthService,
  valid,
  validAtTop,
} from "./support/auth-service.ts";
import { buildEnvironment, buildPerson, unique, uniqueEmail } from "./support/builders.ts";
import { capturedLog } from "./support/captured-log.ts";
import { type Guildhall, OPERATOR_TOKEN, startGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

let service: AuthService;
let guildhall: Guildhall;

beforeAll(async () => {
  service = await startAuthService();
  const SESSION_VALIDATION_URL = service.url;
  guildhall = await startGuildhall({
    settings: { SESSION_VALIDATION_URL, BRIDGE_VALIDATION_SECRET: BRIDGE_SECRET },
  });
  await buildEnvironment(guildhall);
});
afterAll(async () => {
  await guildhall.stop();
  await service.stop();
});

const unauthorized = refusal(401, "unauthorized");
const unavailable = refusal(503, "session_validation_unavailable");

/** Makes the service know a person by a token. */
function buildPersonThere(details: object = {}) {
  const person = { id: unique("subject"), email: uniqueEmail(), is_verified: true, ...details };
  const token = unique("session-of-the-service");
  service.says(token, valid(person));
  return { person, token };
}

const usersWith = (email: string) => guildhall.db("users").where({ email });
const ask = (token: string) => guildhall.api.as(token).get("/api/users");

/** Returns the person's session here, with the seconds left until it is checked again. */
async function sessionOf(email: string) {
  const { db } = guildhall;
  return db("sessions")
    .whereIn("user_id", usersWith(email).select("id"))
    .first("*", db.raw("extract(epoch from validated_until - now())::float8 as seconds"));
}

/** Ends the minutes for which the service's answer is valid. */
async function forget(email: string) {
  const { db } = guildhall;
  const users = usersWith(email).select("id");
  await db("sessions")
    .whereIn("user_id", users)
    .update({ validated_until: db.raw("now() - interval '1 ms'") });
}

describe("an external session", () => {
  test("signs a person in and creates their user on the first request", async () => {
    const details = { name: "Ada", last_name: "Lovelace", picture: "https://example.com/ada.png" };
    const { person, token } = buildPersonThere(details);
    const { status, body } = await ask(token);
    expect(status).toBe(200);
    expect(body.data).toHaveLength(1);
    expect(body.data[0].attributes).toMatchObject({
      email: person.email,
      email_verified: true,
      first_name: "Ada",
      last_name: "Lovelace",
      picture: details.picture,
    });
  });

  test("is also read from the top level of the response", async () => {
    const token = unique("session-at-the-top");
    const email = uniqueEmail();
    service.says(token, validAtTop({ id: 42, email, name: "Grace Hopper", userType: "user" }));
    const { body } = await ask(token);
    expect(body.data).toMatchObject([
      { attributes: { email, email_verified: false, first_name: "Grace Hopper", last_name: null } },
    ]);
    service.says(token, validAtTop({ id: 42, email, userType: "admin", isVerified: true }));
    await forget(email);
    expect((await ask(token)).body.data[0].attributes.email_verified).toBe(true);
  });

  test("is also accepted as a bearer token", async () => {
    const { token } = buildPersonThere();
    expect(await bearing(guildhall, token).get("/api/users")).toMatchObject({ status: 200 });
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(service.asked(token)).toHaveLength(1);
  });

  test("can write, and is listed for its user", async () => {
    const { token } = buildPersonThere();
    const created = await guildhall.api
      .as(token)
      .post("/api/organizations", { data: { type: "organization", attributes: { name: "Analytical" } } });
    expect(created.status).toBe(201);
    const { body } = await guildhall.api.as(token).get("/api/sessions");
    expect(body.data).toHaveLength(1);
    expect(JSON.stringify(body)).not.toMatch(/token|hash|validated/);
  });

  test("is checked with our secret, its token, IP and user agent", async () => {
    const { token } = buildPersonThere();
    await guildhall.api.as(token).get("/api/users", { "User-Agent": "tests/1.0" });
    const [question] = service.asked(token);
    expect(question).toMatchObject({ method: "POST", path: "/auth/bridge/validate" });
    expect(question?.headers).toMatchObject({
      "x-bridge-secret": BRIDGE_SECRET,
      "content-type": "application/json",
    });
    expect(question?.body).toEqual({ session_id: token, ip_address: "127.0.0.1", user_agent: "tests/1.0" });
  });

  test("is checked with the device if the caller names one", async () => {
    const { token } = buildPersonThere();
    await guildhall.api.as(token).get("/api/users", { "X-Device-ID": "device-7" });
    expect(service.asked(token)[0]?.body).toMatchObject({ device_id: "device-7" });
  });

  test("is kept for five minutes, and then checked again", async () => {
    const { person, token } = buildPersonThere();
    await ask(token);
    expect((await sessionOf(person.email)).seconds).toBeGreaterThan(290);
    expect((await sessionOf(person.email)).seconds).toBeLessThanOrEqual(300);
    await ask(token);
    expect(service.asked(token)).toHaveLength(1);

    await forget(person.email);
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(service.asked(token)).toHaveLength(2);
    expect((await sessionOf(person.email)).seconds).toBeGreaterThan(290);
  });

  test("is not kept after it ends", async () => {
    const person = { id: unique("subject"), email: uniqueEmail() };
    const token = unique("session-that-ends-soon");
    service.says(token, valid(person, new Date(Date.now() + 60_000).toISOString()));
    await ask(token);
    const session = await sessionOf(person.email);
    expect(session.seconds).toBeLessThan(61);
    expect(session.validated_until).toEqual(session.expires_at);
  });

  test.each([
    ["seconds", (at: number) => Math.floor(at / 1_000)],
    ["milliseconds", (at: number) => at],
    ["text in UTC without a zone", (at: number) => new Date(at).toISOString().replace(/T|Z/g, " ").trim()],
  ])("may give its end as %s", async (_, say) => {
    const person = { id: unique("subject"), email: uniqueEmail() };
    const token = unique("session-with-an-end");
    const end = Date.now() + 7_200_000;
    service.says(token, valid(person, say(end)));
    expect(await ask(token)).toMatchObject({ status: 200 });
    const { expires_at } = await sessionOf(person.email);
    expect(Math.abs(expires_at.getTime() - end)).toBeLessThan(1_001);
  });

  test("is kept even if its end is missing or absurdly late", async () => {
    for (const end of [null, "9999-12-31T23:59:59Z"]) {
      const person = { id: unique("subject"), email: uniqueEmail() };
      const token = unique("session-without-an-end");
      service.says(token, valid(person, end));
      expect(await ask(token)).toMatchObject({ status: 200 });
      expect((await sessionOf(person.email)).seconds).toBeGreaterThan(290);
    }
  });

  test("is refused once it has ended and the minutes have passed", async () => {
    const { person, token } = buildPersonThere();
    await ask(token);
    service.says(token, refused("Invalid or expired session"));
    expect(await ask(token)).toMatchObject({ status: 200 });
    await forget(person.email);
    expect(await ask(token)).toMatchObject(unauthorized);
  });

  test("is stored only as its SHA-256, and our secret not at all", async () => {
    const { token } = buildPersonThere();
    await ask(token);
    const tables = await guildhall.db("pg_tables").where({ schemaname: "public" }).pluck("tablename");
    for (const table of tables) {
      const rows = JSON.stringify((await guildhall.db.raw("select t::text from ?? t", [table])).rows);
      for (const secret of [token, BRIDGE_SECRET]) {
        expect(rows, table).not.toContain(secret);
        expect(rows, table).not.toContain(Buffer.from(secret).toString("hex"));
      }
    }
  });

  test("is refused in an unknown environment, and creates no user", async () => {
    const { person, token } = buildPersonThere();
    const answer = await guildhall.api.as(token).in("no-such-one").get("/api/users");
    expect(answer).toMatchObject(unauthorized);
    expect(await usersWith(person.email)).toEqual([]);
  });
});

describe("the auth service never sees", () => {
  test("Guildhall's own sessions, whether valid, ended or of another environment", async () => {
    const people = await Promise.all([1, 2, 3].map(() => buildPerson(guildhall)));
    const [alive, expired, revoked] = people.map(({ token }) => token);
    const there = await buildPerson(guildhall, { environment: unique("other") });
    const past = guildhall.db.raw("now() - interval '1 second'");
    await guildhall.db("sessions").where({ user_id: people[1]?.user.id }).update({ expires_at: past });
    await guildhall.db("sessions").where({ user_id: people[2]?.user.id }).update({ revoked_at: past });

    expect(await ask(alive ?? "")).toMatchObject({ status: 200 });
    for (const token of [expired, revoked, there.token])
      expect(await ask(token ?? "")).toMatchObject(unauthorized);
    for (const token of [alive, expired, revoked, there.token])
      expect(service.asked(token ?? "")).toEqual([]);
  });

  test("the operator's token, in any header", async () => {
    expect(await ask(OPERATOR_TOKEN)).toMatchObject(unauthorized);
    expect(service.asked(OPERATOR_TOKEN)).toEqual([]);
  });

  test("a bearer token that is a JWT, valid or not", async () => {
    const good = await accessToken(guildhall, await buildClient(guildhall));
    for (const [token, status] of [
      [good, 200],
      [`${good}x`, 401],
      ["abcdefgh.ijklmnop.qrstuvwx", 401],
    ] as const) {
      expect(await bearing(guildhall, token).get("/api/users")).toMatchObject({ status });
      expect(service.asked(token)).toEqual([]);
    }
  });

  test("a token shorter than 10 characters or longer than 4,096", async () => {
    for (const token of ["x".repeat(9), "y".repeat(4_097)]) {
      service.says(token, valid({ id: "1", email: uniqueEmail() }));
      expect(await ask(token)).toMatchObject(unauthorized);
      expect(service.asked(token)).toEqual([]);
    }
    const longest = "z".repeat(4_096);
    service.says(longest, valid({ id: unique("subject"), email: uniqueEmail() }));
    expect(await ask(longest)).toMatchObject({ status: 200 });
  });
});

describe("a refusal is a 401", () => {
  const user = { id: "u1", email: "no@example.com" };
  const past = new Date(Date.now() - 1_000).toISOString();
  test.each<[string, Reply]>([
    ["success: false", { status: 200, body: { success: false, error: "IP address mismatch" } }],
    ["valid: false", { status: 200, body: { success: true, data: { valid: false } } }],
    ["valid: false at the top", { status: 200, body: { success: true, valid: false, user } }],
    ["valid: false with a user", { status: 200, body: { success: true, data: { valid: false, user } } }],
    ["401", { status: 401, body: "" }],
    ["403", { status: 403, body: { success: false, error: "Device ID mismatch" } }],
    ["404", { status: 404, body: "<h1>Not found</h1>" }],
    ["a guest", validAtTop({ ...user, userType: "guest" })],
    ["an end that has passed", valid(user, past)],
  ])("when the service responds with %s, remembered a while", async (_, reply) => {
    const token = unique("token-without-a-session");
    service.says(token, reply);
    expect(await ask(token)).toMatchObject(unauthorized);
    expect(await ask(token)).toMatchObject(unauthorized);
    expect(service.asked(token)).toHaveLength(1);
    expect(await usersWith(user.email)).toEqual([]);
  });

  test("a refusal is remembered for the token, on any device", async () => {
    const token = unique("token-without-a-session");
    const api = guildhall.api.as(token);
    for (const device of ["one", "two", "three"])
      expect(await api.get("/api/users", { "X-Device-ID": device })).toMatchObject(unauthorized);
    expect(service.asked(token)).toHaveLength(1);
  });
});

describe("a failed check is a 503", () => {
  /** Timeouts short enough for a test. */
  beforeEach(() => {
    guildhall.context.identities = createIdentitySources(guildhall.settings, { timeout: 300 });
  });
  afterEach(() => {
    guildhall.context.identities = createIdentitySources(guildhall.settings);
  });

  const person = { id: "silent", email: "silent@example.com" };
  const good = { success: true, data: { valid: true, user: person, session: {} } };
  const huge = JSON.stringify({ ...good, padding: "x".repeat(70_000) });
  const cut: Reply = (response) => response.destroy();
  const silent: Reply = () => {};
  const failing: Reply = { status: 500, body: { success: false } };

  test.each<[string, number, Reply]>([
    ["a connection that is cut", 2, cut],
    ["a 500", 2, failing],
    ["a 503", 2, { status: 503, body: {} }],
    ["no response", 1, silent],
    ["a truncated response", 1, (response) => response.writeHead(200).write('{"success":')],
    ["a redirect", 1, (response) => response.writeHead(307, { Location: service.url }).end()],
    ["a 400", 1, { status: 400, body: { success: false } }],
    ["a 429", 1, { status: 429, body: { success: false } }],
    ["no JSON", 1, { status: 200, body: "<html>" }],
    ["an empty response", 1, { status: 204, body: "" }],
    ["JSON of an unknown shape", 1, { status: 200, body: { ok: true } }],
    ["a list", 1, { status: 200, body: [good] }],
    ["a yes without a user", 1, { status: 200, body: { success: true, data: { valid: true } } }],
    ["a user without an id", 1, { status: 200, body: { success: true, user: { email: "a@example.com" } } }],
    ["an end that is not a time", 1, valid(person, "soon")],
    ["more than 64 KiB", 1, { status: 200, body: huge }],
  ])("after %s; the service is asked %i times", async (_, times, reply) => {
    const token = unique("token-of-a-silent-service");
    service.says(token, reply);
    const startedAt = Date.now();
    const answer = await ask(token);
    expect(answer).toMatchObject(unavailable);
    expect(answer.headers.get("Retry-After")).toBe("2");
    expect(Date.now() - startedAt).toBeLessThan(1_500);
    expect(service.asked(token)).toHaveLength(times);
    expect(await usersWith(person.email)).toEqual([]);
  });

  test("and is not remembered: the next request asks again", async () => {
    const token = unique("token-after-silence");
    service.says(token, failing, failing, valid({ id: unique("subject"), email: uniqueEmail() }));
    expect(await ask(token)).toMatchObject(unavailable);
    expect(await ask(token)).toMatchObject({ status: 200 });
  });

  test.each([
    ["cut the first connection", cut],
    ["failed once", failing],
  ])("but not if the service %s: it is asked a second time", async (_, reply) => {
    const token = unique("token-of-a-restarting-service");
    service.says(token, reply, valid({ id: unique("subject"), email: uniqueEmail() }));
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(service.asked(token)).toHaveLength(2);
  });

  test("but not for a session that need not be checked yet", async () => {
    const { person: known, token } = buildPersonThere();
    await ask(token);
    service.says(token, failing);
    expect(await ask(token)).toMatchObject({ status: 200 });
    await forget(known.email);
    expect(await ask(token)).toMatchObject(unavailable);
    service.says(token, valid(known));
    expect(await ask(token)).toMatchObject({ status: 200 });
  });

  test("and never follows a redirect with the secret", async () => {
    const seen: unknown[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers);
      response.end();
    }).listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const Location = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
    const token = unique("token-led-astray");
    service.says(token, (response) => response.writeHead(308, { Location }).end());
    expect(await ask(token)).toMatchObject(unavailable);
    expect(seen).toEqual([]);
    other.close();
  });

  test("after two and a half seconds by default", async () => {
    guildhall.context.identities = createIdentitySources(guildhall.settings);
    const token = unique("token-of-a-hanging-service");
    service.says(token, silent);
    const startedAt = Date.now();
    expect(await ask(token)).toMatchObject(unavailable);
    expect(Date.now() - startedAt).toBeGreaterThan(2_400);
    expect(Date.now() - startedAt).toBeLessThan(4_000);
  });

  test("and is logged without the token, secret or response", async () => {
    // A new app, because repeated warnings are suppressed.
    const { log, lines } = capturedLog();
    const server = await serve(createApp({ ...guildhall.context, log }), { port: 0, host: "127.0.0.1" });
    const origin = `http://127.0.0.1:${server.port}`;
    const token = unique("token-that-nobody-may-log");
    const api = createApi(origin, { "X-Environment": "acme-test" });
    const askThere = () => api.as(token).get("/api/users");
    service.says(token, { status: 200, body: '{"success": true, "trust": "answer-nobody-may-log"' });
    await askThere();
    service.says(token, {
      status: 200,
      body: { success: true, user: { id: { secret: "answer-nobody-may-log" } } },
    });
    await askThere();
    service.says(token, cut);
    await askThere();
    await server.stop(1_000);
    const logged = JSON.stringify(lines);
    expect(lines).toHaveLength(3);
    expect(logged).toContain("not JSON");
    expect(logged).toContain("id");
    for (const secret of [token, BRIDGE_SECRET, "answer-nobody-may-log"])
      expect(logged).not.toContain(secret);
  });
});

describe("an external session revoked here", () => {
  async function revoked() {
    const { person, token } = buildPersonThere();
    const { body } = await guildhall.api.as(token).get("/api/sessions");
    const { self } = body.data[0].links;
    expect(await guildhall.api.as(token).patch(`${self}/revoke`)).toMatchObject({ status: 200 });
    return { person, token, self };
  }

  test("is refused for good, without asking the service", async () => {
    const { person, token } = await revoked();
    expect(await ask(token)).toMatchObject(unauthorized);
    await forget(person.email);
    expect(await ask(token)).toMatchObject(unauthorized);
    expect(service.asked(token)).toHaveLength(1);
  });

  test("stays revoked even if it was just being checked", async () => {
    const { person, token } = buildPersonThere();
    await ask(token);
    await forget(person.email);
    service.says(token, async (response) => {
      await guildhall.db("sessions").whereIn("user_id", usersWith(person.email).select("id")).update({
        revoked_at: guildhall.db.fn.now(),
      });
      response.end(JSON.stringify((valid(person) as { body: unknown }).body));
    });
    expect(await ask(token)).toMatchObject(unauthorized);
  });

  test("can't be deleted while it could start again", async () => {
    const { self, token, person } = await revoked();
    expect(await guildhall.api.delete(self)).toMatchObject(refusal(409, "session_of_identity"));
    expect(await ask(token)).toMatchObject(unauthorized);

    const past = guildhall.db.raw("now() - interval '1 second'");
    const users = usersWith(person.email).select("id");
    await guildhall.db("sessions").whereIn("user_id", users).update({ expires_at: past });
    expect(await guildhall.api.delete(self)).toMatchObject({ status: 204 });
    expect(await guildhall.api.delete(self)).toMatchObject(refusal(404, "not_found"));
  });

  test("is remembered until 30 days after its end", async () => {
    const { person } = await revoked();
    const users = usersWith(person.email).select("id");
    const past = guildhall.db.raw("now() - interval '31 days'");
    await guildhall.db("sessions").whereIn("user_id", users).update({ revoked_at: past });
    await purgeSessions(guildhall.db, () => false);
    expect(await sessionOf(person.email)).toBeDefined();
    await guildhall.db("sessions").whereIn("user_id", users).update({ expires_at: past });
    await purgeSessions(guildhall.db, () => false);
    expect(await sessionOf(person.email)).toBeUndefined();
  });

  test("does not affect the user's next session", async () => {
    const { person } = await revoked();
    const token = unique("next-session");
    service.says(token, valid(person));
    expect(await ask(token)).toMatchObject({ status: 200 });
  });
});

describe("fifty first requests at once with one token", () => {
  /** Responds late enough for all fifty to have arrived. */
  const slowly =
    ({ status, body }: { status: number; body: unknown }): Reply =>
    (response) =>
      void setTimeout(() => response.writeHead(status).end(JSON.stringify(body)), 2_000);

  test("cause one check, one user, one identity and one session", async () => {
    const { person, token } = buildPersonThere();
    const yes = valid(person);
    service.says(token, typeof yes === "function" ? yes : slowly(yes));
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(service.asked(token)).toHaveLength(1);
    const users = await usersWith(person.email);
    expect(users).toHaveLength(1);
    const { id: user_id } = users[0];
    expect(await guildhall.db("user_identities").where({ user_id })).toHaveLength(1);
    expect(await guildhall.db("sessions").where({ user_id })).toHaveLength(1);
  });

  test("all share one refusal or one failure", async () => {
    for (const [reply, expected, times] of [
      [refused("no"), 401, 1],
      [{ status: 500, body: {} }, 503, 2],
    ] as const) {
      const token = unique("token-of-many");
      service.says(token, slowly(reply));
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(token)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([expected]));
      expect(service.asked(token)).toHaveLength(times);
    }
  });
});

describe("on the Bridge API", () => {
  const list = (token: string) => guildhall.api.as(token).get("/bridge-payment/organizations");

  test("the same sessions count, checked once for both APIs", async () => {
    const { token } = buildPersonThere();
    expect(await list(token)).toMatchObject({ status: 200, body: { success: true, data: [] } });
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(service.asked(token)).toHaveLength(1);
  });

  test("refusals and failures use its own format", async () => {
    const { user } = await buildPerson(guildhall);
    for (const [reply, status, code] of [
      [refused("no"), 401, "unauthorized"],
      [{ status: 500, body: {} }, 503, "session_validation_unavailable"],
      [valid({ id: unique("subject"), email: user.email }), 403, "identity_unverified"],
    ] as const) {
      const token = unique("token-on-the-bridge");
      service.says(token, reply);
      const answer = await list(token);
      expect(answer).toMatchObject({ status, body: { success: false, code } });
      expect(answer.headers.get("Retry-After")).toBe(status === 503 ? "2" : null);
    }
  });
});

test("without an auth service, an unknown token is a 401", async () => {
  const { token } = buildPersonThere();
  guildhall.context.identities = createIdentitySources({});
  expect(await ask(token)).toMatchObject(unauthorized);
  guildhall.context.identities = createIdentitySources(guildhall.settings);
  expect(service.asked(token)).toEqual([]);
});
