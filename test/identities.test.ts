import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Identity } from "../src/access/identities/identity.ts";
import { signInWithIdentity } from "../src/access/identities/sign-in-with-identity.ts";
import { revokeSession } from "../src/access/session-commands.ts";
import { parseEmailAddress } from "../src/lib/email-address.ts";
import { hashToken } from "../src/lib/random-token.ts";
import { type AuthService, BRIDGE_SECRET, startAuthService, valid } from "./support/auth-service.ts";
import {
  buildEnvironment,
  buildInvitationTo,
  buildOrganization,
  buildPerson,
  invite,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

let service: AuthService;
let guildhall: Guildhall;
let environment_id: string;

beforeAll(async () => {
  service = await startAuthService();
  const SESSION_VALIDATION_URL = service.url;
  guildhall = await startGuildhall({
    settings: { SESSION_VALIDATION_URL, BRIDGE_VALIDATION_SECRET: BRIDGE_SECRET },
  });
  environment_id = await buildEnvironment(guildhall);
});
afterAll(async () => {
  await guildhall.stop();
  await service.stop();
});

const unauthorized = refusal(401, "unauthorized");
const unverified = refusal(403, "identity_unverified");
const ask = (token: string) => guildhall.api.as(token).get("/api/users");
const usersWith = (email: string) => guildhall.db("users").where({ email });
const identitiesOf = (user_id: string) => guildhall.db("user_identities").where({ user_id });

/** Makes the service vouch for a person. @returns their new token. */
function signIn(person: { id: string; email?: string | null; [more: string]: unknown }): string {
  const token = unique("token-of-the-service");
  service.says(token, valid(person));
  return token;
}

/** Returns the user after a sign-in. */
async function userAfter(person: Parameters<typeof signIn>[0]) {
  const { status, body } = await ask(signIn(person));
  expect(status, JSON.stringify(body)).toBe(200);
  return { id: body.data[0].id, ...body.data[0].attributes };
}

describe("a new identity", () => {
  test("with an unknown address creates a user", async () => {
    for (const [is_verified, expected] of [
      [true, true],
      ["true", true],
      [1, true],
      [false, false],
      ["yes", false],
      [undefined, false],
    ] as const) {
      const email = uniqueEmail();
      expect(await userAfter({ id: unique("sub"), email, is_verified })).toMatchObject({
        email,
        email_verified: expected,
      });
    }
  });

  test("with a verified address gets the user who has it, in any spelling", async () => {
    const { user, token } = await buildPerson(guildhall);
    const linked = await userAfter({
      id: unique("sub"),
      email: user.email.toUpperCase(),
      is_verified: true,
      name: "Ada",
    });
    expect(linked).toMatchObject({ id: user.id, email: user.email, first_name: "Ada" });
    expect(await ask(token)).toMatchObject({ status: 200 });
  });

  test("with a verified address verifies the user who has it", async () => {
    const { user } = await buildPerson(guildhall, { email_verified: false });
    const linked = await userAfter({ id: unique("sub"), email: user.email, is_verified: true });
    expect(linked).toMatchObject({ id: user.id, email_verified: true });
  });

  test("with somebody's unverified address is refused: 403", async () => {
    const { user } = await buildPerson(guildhall);
    const token = signIn({ id: unique("sub"), email: user.email, is_verified: false });
    const answer = await ask(token);
    expect(answer).toMatchObject(unverified);
    expect(answer.body.errors[0].detail).toContain("Verify it there");
    expect(await identitiesOf(user.id)).toEqual([]);

    service.says(token, valid({ id: unique("sub"), email: user.email, is_verified: true }));
    expect(await ask(token)).toMatchObject({ status: 200 });
  });

  test.each([null, undefined, "", "nobody", "a@b", "<a@example.com>"])(
    "with the address %j is refused: 403 identity_without_email",
    async (email) => {
      const answer = await ask(signIn({ id: unique("sub"), ...(email === undefined ? {} : { email }) }));
      expect(answer).toMatchObject(refusal(403, "identity_without_email"));
    },
  );

  test("leaves nothing behind when it is refused", async () => {
    const { user } = await buildPerson(guildhall);
    const id = unique("sub");
    await ask(signIn({ id, email: user.email }));
    expect(await guildhall.db("user_identities").where({ subject: id })).toEqual([]);
  });

  test("is accepted without names or a picture that don't fit", async () => {
    const user = await userAfter({
      id: unique("sub"),
      email: uniqueEmail(),
      name: ` Ada\n\u202e\u0000 ${"x".repeat(200)}`,
      last_name: " \t ",
      picture: "javascript:alert(1)",
    });
    expect(user.first_name).toBe(`Ada ${"x".repeat(96)}`);
    expect(user).toMatchObject({ last_name: null, picture: null });
  });
});

describe("a known identity", () => {
  test("keeps its user even if its address changes or goes away", async () => {
    const id = unique("sub");
    const first = await userAfter({ id, email: uniqueEmail() });
    for (const email of [uniqueEmail(), null, undefined, "no address"])
      expect(await userAfter({ id, email })).toEqual(first);
  });

  test("updates names and picture, and keeps what it leaves out", async () => {
    const id = unique("sub");
    const email = uniqueEmail();
    const picture = "https://example.com/1.png";
    await userAfter({ id, email, name: "Ada", last_name: "Byron", picture });
    const renamed = await userAfter({ id, email, last_name: "Lovelace" });
    expect(renamed).toMatchObject({ first_name: "Ada", last_name: "Lovelace", picture });
  });

  test("updates the address if the service has verified the new one", async () => {
    const id = unique("sub");
    const { id: user_id } = await userAfter({ id, email: uniqueEmail() });
    const email = uniqueEmail();
    expect(await userAfter({ id, email, is_verified: true })).toMatchObject({
      id: user_id,
      email,
      email_verified: true,
    });
  });

  test("keeps the old address if the new one is unverified", async () => {
    const id = unique("sub");
    const before = await userAfter({ id, email: uniqueEmail(), is_verified: true });
    expect(await userAfter({ id, email: uniqueEmail(), is_verified: false })).toEqual(before);
  });

  test("keeps the old address if another user has the new one", async () => {
    const id = unique("sub");
    const before = await userAfter({ id, email: uniqueEmail(), is_verified: true });
    const { user } = await buildPerson(guildhall, { email_verified: false });
    expect(await userAfter({ id, email: user.email, is_verified: true })).toEqual(before);
    expect(await usersWith(user.email)).toMatchObject([{ id: user.id, email_verified_at: null }]);
  });

  test("verifies the user's address once the service has, for good", async () => {
    const [id, email] = [unique("sub"), uniqueEmail()];
    expect(await userAfter({ id, email, is_verified: false })).toMatchObject({ email_verified: false });
    expect(await userAfter({ id, email, is_verified: true })).toMatchObject({ email_verified: true });
    expect(await userAfter({ id, email, is_verified: false })).toMatchObject({ email_verified: true });
  });

  test("is new in another environment, with another session", async () => {
    const email = uniqueEmail();
    const token = signIn({ id: unique("sub"), email, is_verified: true });
    const elsewhere = unique("other");
    await buildEnvironment(guildhall, elsewhere);
    const here = await ask(token);
    const there = await guildhall.api.in(elsewhere).as(token).get("/api/users");
    expect([here.status, there.status]).toEqual([200, 200]);
    expect(there.body.data[0].id).not.toBe(here.body.data[0].id);
    expect(await guildhall.db("sessions").where({ token_hash: hashToken(token) })).toHaveLength(2);

    const session = (await guildhall.api.as(token).get("/api/sessions")).body.data[0];
    await guildhall.api.as(token).patch(`${session.links.self}/revoke`);
    expect(await ask(token)).toMatchObject(unauthorized);
    expect(await guildhall.api.in(elsewhere).as(token).get("/api/users")).toMatchObject({ status: 200 });
  });

  test("is not mixed up with the same subject of another issuer", async () => {
    const subject = unique("sub");
    const one = await enter({ subject, address: parseEmailAddress(uniqueEmail()) ?? null });
    const other = await enter({
      subject,
      issuer: "https://other.example",
      address: parseEmailAddress(uniqueEmail()) ?? null,
    });
    expect(one).not.toBe(other);
  });
});

describe("deleting a user", () => {
  test("deletes their identities and sessions; they may return as a new user", async () => {
    const person = { id: unique("sub"), email: uniqueEmail(), is_verified: true };
    const token = signIn(person);
    const [{ id }] = (await ask(token)).body.data;
    expect(await guildhall.api.delete(`/api/users/${id}`)).toMatchObject({ status: 204 });
    expect(await identitiesOf(id)).toEqual([]);
    const again = await ask(token);
    expect(again.status).toBe(200);
    expect(again.body.data[0].id).not.toBe(id);
  });
});

describe("an impostor", () => {
  /** Signs somebody in at the service with an address it never verified. */
  async function squat() {
    const email = uniqueEmail();
    const token = signIn({ id: unique("squatter"), email, is_verified: false });
    const user = (await ask(token)).body.data[0];
    expect(user.attributes).toMatchObject({ email, email_verified: false });
    return { email, token, user };
  }

  test("is locked out once the address's owner signs in verified", async () => {
    const { email, token, user } = await squat();
    const outsider = await userAfter({ id: unique("sub"), email, is_verified: true });
    expect(outsider.id).toBe(user.id);
    expect(await identitiesOf(user.id)).toHaveLength(1);
    expect(await ask(token)).toMatchObject(unverified);
  });

  test("an impostor is locked out once the owner accepts by the link", async () => {
    const { email, token, user } = await squat();
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const invitationId = (await invite(guildhall, organization, email)).body.data.id;
    const link = guildhall.context.linkKeys.sign({ invitationId, tokenVersion: 1 });
    const path = `/api/invitations/${invitationId}/accept`;
    expect(await guildhall.api.as(token).post(path)).toMatchObject(refusal(403, "email_unverified"));
    expect(await guildhall.api.as(null).post(path, { meta: { token: link } })).toMatchObject({ status: 200 });

    expect(await identitiesOf(user.id)).toEqual([]);
    expect(await ask(token)).toMatchObject(unverified);
    const owner = { id: unique("sub"), email, is_verified: true };
    const { body } = await guildhall.api.as(signIn(owner)).get("/api/organizations");
    expect(body.data).toMatchObject([{ id: organization.id }]);
  });

  test("is still locked out of a session that was revoked before", async () => {
    const { email, token } = await squat();
    const [session] = (await guildhall.api.as(token).get("/api/sessions")).body.data;
    await guildhall.api.as(token).patch(`${session.links.self}/revoke`);
    await userAfter({ id: unique("sub"), email, is_verified: true });
    expect(await ask(token)).toMatchObject(unauthorized);
  });

  test("is locked out even if both sign in at the same time", async () => {
    for (let round = 0; round < 10; round += 1) {
      const email = uniqueEmail();
      const squatter = unique("squatter");
      const own = { subject: squatter, address: parseEmailAddress(email) ?? null, email_verified: false };
      await enter(own);
      const proven = { ...own, subject: unique("sub"), email_verified: true };
      await Promise.allSettled([enter(own), enter(proven), enter(own)]);
      const [{ id }] = await usersWith(email);
      expect(await identitiesOf(id)).toMatchObject([{ subject: proven.subject }]);
      expect(await guildhall.db("sessions").where({ user_id: id })).toHaveLength(1);
    }
  });

  test("can't be added by the owner's address, and the owner can", async () => {
    const { email } = await squat();
    const owner = await buildPerson(guildhall);
    const { id } = await buildOrganization(guildhall, owner);
    const add = () =>
      guildhall.api
        .as(owner.token)
        .post(`/bridge-payment/organizations/${id}/members`, { email, role: "admin" });
    expect(await add()).toMatchObject({ status: 404, body: { error: "User not found with email" } });
    await userAfter({ id: unique("sub"), email, is_verified: true });
    expect(await add()).toMatchObject({ status: 201 });
  });

  test("a user who proved the address before keeps access with both identities", async () => {
    const person = { id: unique("sub"), email: uniqueEmail(), is_verified: true };
    const token = signIn(person);
    const [{ id }] = (await ask(token)).body.data;
    await userAfter({ ...person, id: unique("sub") });
    expect(await identitiesOf(id)).toHaveLength(2);
    expect(await ask(token)).toMatchObject({ status: 200 });
  });
});

test("a session of another service can accept invitations to its verified address", async () => {
  const { user } = await buildPerson(guildhall);
  const { path, organization } = await buildInvitationTo(guildhall, { user, token: "" });
  const token = signIn({ id: unique("sub"), email: user.email, is_verified: true });
  expect(await guildhall.api.as(token).post(`${path}/accept`)).toMatchObject({ status: 200 });
  const { body } = await guildhall.api.as(token).get("/api/organizations");
  expect(body.data).toMatchObject([{ id: organization.id }]);
});

describe("events", () => {
  const eventsOf = (subject_id: string) => guildhall.db("events").where({ subject_id }).orderBy("id");

  test("record that a user signed up, with their request and issuer", async () => {
    const answer = await ask(signIn({ id: unique("sub"), email: uniqueEmail(), name: "Ada" }));
    const [{ id }] = answer.body.data;
    expect(await eventsOf(id)).toMatchObject([
      {
        type: "user.created",
        actor_kind: "user",
        actor_user_id: id,
        request_id: answer.headers.get("X-Request-Id"),
        data: { issuer: service.url },
      },
    ]);
  });

  test("record that an identity was linked to an existing user", async () => {
    const { user } = await buildPerson(guildhall);
    await userAfter({ id: unique("sub"), email: user.email, is_verified: true, name: "Ada" });
    const types = (await eventsOf(user.id)).map(({ type }) => type);
    expect(types).toEqual(["user.created", "identity.linked", "user.updated"]);
  });

  test("record nothing if nothing has changed", async () => {
    const person = { id: unique("sub"), email: uniqueEmail(), is_verified: true, name: "Ada" };
    const { id } = await userAfter(person);
    await userAfter(person);
    expect(await eventsOf(id)).toHaveLength(1);
  });
});

let count = 0;

/** Signs in as another process would, by the command itself. @returns the user's id. */
async function enter(identity: Partial<Identity>, token = unique("token")): Promise<string> {
  count += 1;
  const whole: Identity = {
    issuer: "https://issuer.example",
    subject: `subject-${count}`,
    address: null,
    email_verified: true,
    first_name: null,
    last_name: null,
    picture: null,
    expires_at: new Date(Date.now() + 3_600_000),
    ...identity,
  };
  const token_hash = hashToken(token);
  const session = { environment_id, token_hash, ip: null, user_agent: null };
  await signInWithIdentity(guildhall.context, whole, session, unique("request"));
  const kept = await guildhall.db("sessions").where({ environment_id, token_hash }).first("user_id");
  return kept?.user_id;
}

const times = <Result>(number: number, work: (n: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: number }, (_, n) => work(n)));

describe("in races", () => {
  test.each([true, false])(
    "50 processes signing in one new identity create one user (verified: %s)",
    async (email_verified) => {
      const identity = {
        subject: unique("sub"),
        address: parseEmailAddress(uniqueEmail()) ?? null,
        email_verified,
      };
      const token = unique("token");
      const ids = new Set(await times(50, () => enter(identity, token)));
      expect(ids.size).toBe(1);
      const [user_id = ""] = ids;
      expect(await identitiesOf(user_id)).toHaveLength(1);
      expect(await guildhall.db("sessions").where({ user_id })).toHaveLength(1);
      const events = await guildhall.db("events").where({ subject_id: user_id }).pluck("type");
      expect(events).toEqual(["user.created"]);
    },
  );

  test("20 tokens of one new person make one user with 20 sessions", async () => {
    const identity = { subject: unique("sub"), address: parseEmailAddress(uniqueEmail()) ?? null };
    const ids = new Set(await times(20, () => enter(identity)));
    expect(ids.size).toBe(1);
    const [user_id = ""] = ids;
    expect(await guildhall.db("sessions").where({ user_id })).toHaveLength(20);
  });

  test("20 identities with one verified address make one user with 20 identities", async () => {
    const address = parseEmailAddress(uniqueEmail()) ?? null;
    const ids = new Set(await times(20, () => enter({ address })));
    expect(ids.size).toBe(1);
    const [user_id = ""] = ids;
    expect(await identitiesOf(user_id)).toHaveLength(20);
  });

  test("one of 20 identities gets an unverified address; the others are refused", async () => {
    const address = parseEmailAddress(uniqueEmail()) ?? null;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => enter({ address, email_verified: false })),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ code: "identity_unverified" });
  });

  test("one of 20 users takes over an address; none of them fails", async () => {
    const subjects = Array.from({ length: 20 }, () => unique("sub"));
    for (const subject of subjects)
      await enter({ subject, address: parseEmailAddress(uniqueEmail()) ?? null });
    const email = uniqueEmail();
    const address = parseEmailAddress(email) ?? null;
    const ids = await times(20, (n) => enter({ subject: subjects[n] ?? "", address }));
    expect(new Set(ids).size).toBe(20);
    expect(await usersWith(email)).toHaveLength(1);
  });

  test("a session revoked while it is being validated stays revoked", async () => {
    const identity = { subject: unique("sub"), address: parseEmailAddress(uniqueEmail()) ?? null };
    const token = unique("token");
    const user_id = await enter(identity, token);
    const { id } = await guildhall.db("sessions").where({ user_id }).first("id");
    const actor = { kind: "system", user_id: null, request_id: null } as const;
    await Promise.all([
      times(20, () => enter(identity, token)),
      revokeSession(guildhall.context, { id, environment_id, user_id }, actor),
    ]);
    const { revoked_at, validated_until } = await guildhall.db("sessions").where({ id }).first();
    expect(revoked_at).not.toBeNull();
    await enter(identity, token);
    expect((await guildhall.db("sessions").where({ id }).first()).validated_until).toEqual(validated_until);
  });

  test("a user deleted while they sign in is gone or new, and nothing fails", async () => {
    for (let round = 0; round < 10; round += 1) {
      const identity = { subject: unique("sub"), address: parseEmailAddress(uniqueEmail()) ?? null };
      const before = await enter(identity);
      const [deleted, ...entered] = await Promise.all([
        guildhall.api.delete(`/api/users/${before}`),
        ...Array.from({ length: 5 }, () => enter(identity)),
      ]);
      expect(deleted.status).toBe(204);
      expect(await guildhall.db("users").where({ id: before })).toEqual([]);
      expect(entered.length).toBe(5);
    }
  });
});
