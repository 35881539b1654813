import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { exportSPKI, importJWK, UnsecuredJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createIdentitySources } from "../src/access/identities/identity-sources.ts";
import type { Settings } from "../src/config/variables.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import { type AuthService, BRIDGE_SECRET, startAuthService } from "./support/auth-service.ts";
import { buildEnvironment, buildPerson, unique, uniqueEmail } from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";
import {
  AUDIENCE,
  DISCOVERY,
  KEYS,
  type OidcIssuer,
  SILENCE,
  startOidcIssuer,
} from "./support/oidc-issuer.ts";
import { refusal } from "./support/refusal.ts";

let issuer: OidcIssuer;
let service: AuthService;
let guildhall: Guildhall;

beforeAll(async () => {
  issuer = await startOidcIssuer();
  service = await startAuthService();
  guildhall = await startGuildhall({
    settings: {
      OIDC_ISSUER: issuer.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      SESSION_VALIDATION_URL: service.url,
      BRIDGE_VALIDATION_SECRET: BRIDGE_SECRET,
    },
  });
  await buildEnvironment(guildhall);
});
afterAll(async () => {
  await guildhall.stop();
  await service.stop();
  await issuer.stop();
});

const unauthorized = refusal(401, "unauthorized");
const unavailable = refusal(503, "oidc_unavailable");
const ask = (token: string) => bearing(guildhall, token).get("/api/users");
const someone = (claims: object = {}) => ({
  sub: unique("sub"),
  email: uniqueEmail(),
  email_verified: true,
  ...claims,
});
const soon = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

/** As after a start: no keys have been fetched, and an unknown key makes us fetch them again at once. */
function forgetKeys(settings: Partial<Settings> = {}) {
  guildhall.context.identities = createIdentitySources(
    { ...guildhall.settings, ...settings },
    { timeout: 600, cooldown: 0 },
  );
  issuer.asked.length = 0;
}

beforeEach(() => forgetKeys());

/** Ends the minutes for which a verified token counts. */
async function forget(email: string) {
  const { db } = guildhall;
  const users = db("users").where({ email }).select("id");
  await db("sessions")
    .whereIn("user_id", users)
    .update({ validated_until: db.raw("now() - interval '1 ms'") });
}

describe("an issuer's JWT", () => {
  test("signs a person in and creates their user on the first request", async () => {
    const picture = "https://example.com/ada.png";
    const claims = someone({
      given_name: "Ada",
      family_name: "Lovelace",
      name: "Countess Lovelace",
      picture,
    });
    const { status, body } = await ask(await issuer.sign(claims));
    expect(status).toBe(200);
    expect(body.data).toMatchObject([
      {
        attributes: {
          email: claims.email,
          email_verified: true,
          first_name: "Ada",
          last_name: "Lovelace",
          picture,
        },
      },
    ]);
  });

  test("uses the full name as first name if its parts are missing", async () => {
    const { body } = await ask(await issuer.sign(someone({ name: "Ada Lovelace" })));
    expect(body.data[0].attributes).toMatchObject({ first_name: "Ada Lovelace", last_name: null });
  });

  test("gets an existing user only if the issuer verified the address", async () => {
    const { user } = await buildPerson(guildhall);
    const claims = someone({ email: user.email, email_verified: false });
    expect(await ask(await issuer.sign(claims))).toMatchObject(refusal(403, "identity_unverified"));
    const { body } = await ask(await issuer.sign({ ...claims, email_verified: true }));
    expect(body.data).toMatchObject([{ id: user.id }]);
  });

  test("with OIDC_TRUST_EMAIL, an address is verified unless the issuer says no", async () => {
    const { user } = await buildPerson(guildhall);
    const { email_verified: _, ...silent } = someone({ email: user.email });
    expect(await ask(await issuer.sign(silent))).toMatchObject(refusal(403, "identity_unverified"));
    forgetKeys({ OIDC_TRUST_EMAIL: true });
    for (const no of [
      { email_verified: false },
      { email_verified: "false" },
      { email_verified: 0 },
      { xms_edov: false },
    ])
      expect(await ask(await issuer.sign({ ...silent, ...no })), JSON.stringify(no)).toMatchObject(
        refusal(403, "identity_unverified"),
      );
    expect((await ask(await issuer.sign(silent))).body.data).toMatchObject([{ id: user.id }]);
  });

  test("gets an existing user by an address Entra ID has verified", async () => {
    const { user } = await buildPerson(guildhall);
    const { email_verified: _, ...claims } = someone({ email: user.email });
    const { body } = await ask(await issuer.sign({ ...claims, xms_edov: true }));
    expect(body.data).toMatchObject([{ id: user.id }]);
  });

  test("is refused without an address: 403 identity_without_email", async () => {
    const token = await issuer.sign({ sub: unique("sub") });
    expect(await ask(token)).toMatchObject(refusal(403, "identity_without_email"));
  });

  test("is verified once every five minutes", async () => {
    const claims = someone();
    const token = await issuer.sign(claims);
    await ask(token);
    expect(issuer.asked).toEqual([DISCOVERY, KEYS]);
    forgetKeys();
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(issuer.asked).toEqual([]);
    await forget(claims.email);
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(issuer.asked).toEqual([DISCOVERY, KEYS]);
  });

  test("gets the same user after it is renewed", async () => {
    const claims = someone();
    const first = await ask(await issuer.sign(claims));
    const second = await ask(await issuer.sign({ ...claims, jti: "2" }));
    expect(second.body.data[0].id).toBe(first.body.data[0].id);
  });

  test("is accepted until it expires and no longer", async () => {
    // It has expired, but for ten seconds more our clock may be wrong.
    const token = await issuer.sign(someone({ exp: soon(-8) }));
    expect(await ask(token)).toMatchObject({ status: 200 });
    await sleep(2_000);
    expect(await ask(token)).toMatchObject(unauthorized);
  });

  test("stays revoked once it is revoked here", async () => {
    const token = await issuer.sign(someone());
    const api = bearing(guildhall, token);
    const [session] = (await api.get("/api/sessions")).body.data;
    await api.patch(`${session.links.self}/revoke`);
    expect(await ask(token)).toMatchObject(unauthorized);
  });

  test("is never sent to the auth service", async () => {
    const token = await issuer.sign(someone());
    await ask(token);
    await ask(`${token}x`);
    expect([...service.asked(token), ...service.asked(`${token}x`)]).toEqual([]);
  });

  test("is accepted beside Guildhall's own access tokens", async () => {
    const own = await accessToken(guildhall, await buildClient(guildhall));
    expect(await ask(own)).toMatchObject({ status: 200 });
    expect(await ask(await issuer.sign(someone()))).toMatchObject({ status: 200 });
  });

  test("creates one user and fetches keys once for 50 requests at once", async () => {
    const claims = someone();
    const tokens = await Promise.all([1, 2].map((jti) => issuer.sign({ ...claims, jti: `${jti}` })));
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(tokens[n % 2] ?? "")));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.data[0].id)).size).toBe(1);
    expect(issuer.asked).toEqual([DISCOVERY, KEYS]);
  });

  test.each(["at+jwt", "application/at+jwt", "JWT", undefined])("may have the type %s", async (typ) => {
    expect(await ask(await issuer.sign(someone(), { typ }))).toMatchObject({ status: 200 });
  });

  test("may have several audiences", async () => {
    const token = await issuer.sign(someone({ aud: ["another", AUDIENCE] }));
    expect(await ask(token)).toMatchObject({ status: 200 });
  });

  test("is accepted if the clock is a few seconds off", async () => {
    const token = await issuer.sign(someone({ nbf: soon(5), iat: soon(5) }));
    expect(await ask(token)).toMatchObject({ status: 200 });
    const expired = await issuer.sign(someone({ exp: soon(-3) }));
    expect(await ask(expired)).toMatchObject({ status: 200 });
  });
});

describe("the issuer's keys", () => {
  afterEach(() => issuer.rotate());

  test.each(["RS512", "PS256", "ES256", "EdDSA"])("may be for %s", async (alg) => {
    await issuer.rotate(alg);
    forgetKeys();
    expect(await ask(await issuer.sign(someone()))).toMatchObject({ status: 200 });
  });

  test("are fetched for a new key, and dropped once withdrawn", async () => {
    const claims = someone();
    const before = await issuer.sign(claims);
    await ask(before);
    await issuer.rotate();
    expect(await ask(await issuer.sign(claims))).toMatchObject({ status: 200 });
    expect(issuer.asked).toEqual([DISCOVERY, KEYS, KEYS]);
    expect(await ask(before)).toMatchObject({ status: 200 });
    await forget(claims.email);
    expect(await ask(before)).toMatchObject(unauthorized);
  });

  test("are not fetched again for every unknown key id", async () => {
    guildhall.context.identities = createIdentitySources(guildhall.settings);
    issuer.asked.length = 0;
    for (let n = 0; n < 5; n += 1)
      expect(await ask(await issuer.sign(someone(), { kid: unique("kid") }))).toMatchObject(unauthorized);
    expect(issuer.asked).toEqual([DISCOVERY, KEYS]);
  });
});

describe("a JWT is refused with 401", () => {
  // Shows that the keys are available, so that only the token can be at fault.
  beforeEach(async () => {
    expect(await ask(await issuer.sign(someone()))).toMatchObject({ status: 200 });
  });

  test.each<[string, object, object?]>([
    ["for another audience", { aud: "another" }],
    ["without an audience", { aud: undefined }],
    ["after it has expired", { exp: soon(-60) }],
    ["without an expiry", { exp: undefined }],
    ["before its time", { nbf: soon(60) }],
    ["without a subject", { sub: undefined }],
    ["with an empty subject", { sub: "" }],
    ["with an overlong subject", { sub: "x".repeat(256) }],
    ["from another issuer", { iss: "https://other.example" }],
    ["from an issuer whose name is longer", { iss: "ISSUER/" }],
    ["signed with an unpublished key", {}, { kid: "unknown" }],
    ["that is a logout token", { events: {} }, { typ: "logout+jwt" }],
  ])("%s", async (_, claims, header) => {
    const iss = "iss" in claims ? String(claims.iss).replace("ISSUER", issuer.issuer) : issuer.issuer;
    const token = await issuer.sign({ ...someone(), ...claims, iss }, { ...header });
    expect(await ask(token)).toMatchObject(unauthorized);
  });

  test("without a signature (alg none)", async () => {
    const token = new UnsecuredJWT(someone())
      .setIssuer(issuer.issuer)
      .setAudience(AUDIENCE)
      .setExpirationTime("5m")
      .encode();
    expect(await ask(token)).toMatchObject(unauthorized);
  });

  test("signed with HS256 and the public key as its secret", async () => {
    const jwk = issuer.publicJwk();
    const key = await importJWK(jwk, "RS256", { extractable: true });
    if (key instanceof Uint8Array) throw new Error("no key");
    const text = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    for (const secret of [await exportSPKI(key), JSON.stringify(jwk), jwk.n ?? ""]) {
      const claims = { ...someone(), iss: issuer.issuer, aud: AUDIENCE, exp: soon(60) };
      const signed = `${text({ alg: "HS256", typ: "JWT", kid: jwk.kid })}.${text(claims)}`;
      const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
      expect(await ask(token)).toMatchObject(unauthorized);
    }
  });

  test("with changed claims or a changed signature", async () => {
    const [header = "", payload = "", signature = ""] = (await issuer.sign(someone())).split(".");
    const other = (await issuer.sign(someone())).split(".")[1];
    expect(await ask(`${header}.${other}.${signature}`)).toMatchObject(unauthorized);
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    expect(await ask(`${header}.${payload}.${flipped}`)).toMatchObject(unauthorized);
    expect(await ask(`${header}.${payload}.`)).toMatchObject(unauthorized);
  });

  test("that brings its own key, embedded or by URL", async () => {
    const other = await startOidcIssuer();
    const claims = { ...someone(), iss: issuer.issuer };
    for (const header of [
      { jwk: other.publicJwk() },
      { jku: other.issuer + KEYS },
      { jwk: other.publicJwk(), kid: issuer.publicJwk().kid },
    ]) {
      expect(await ask(await other.sign(claims, header))).toMatchObject(unauthorized);
    }
    expect(other.asked).toEqual([]);
    await other.stop();
  });

  test("if no issuer is configured", async () => {
    forgetKeys({ OIDC_ISSUER: undefined, OIDC_AUDIENCE: undefined });
    expect(await ask(await issuer.sign(someone()))).toMatchObject(unauthorized);
    expect(issuer.asked).toEqual([]);
  });

  test("sent as X-Session-ID", async () => {
    const token = await issuer.sign(someone());
    expect(await guildhall.api.as(token).get("/api/users")).toMatchObject(unauthorized);
  });
});

describe("a 503 without the issuer's keys:", () => {
  afterEach(() => {
    issuer.answers(DISCOVERY, null);
    issuer.answers(KEYS, null);
  });

  const elsewhere = { jwks_uri: "http://127.0.0.1:1/keys" };
  test.each<[string, string, number | object]>([
    ["its discovery document is missing", DISCOVERY, 404],
    ["its discovery document fails", DISCOVERY, 500],
    ["its discovery document redirects", DISCOVERY, 302],
    ["its discovery document never arrives", DISCOVERY, SILENCE],
    ["its discovery document names no keys", DISCOVERY, {}],
    ["its discovery document is too large", DISCOVERY, { padding: "x".repeat(70_000) }],
    ["its keys are missing", KEYS, 404],
    ["its keys fail", KEYS, 500],
    ["its keys never arrive", KEYS, SILENCE],
    ["its keys are not a list", KEYS, { keys: "none" }],
  ])("%s; the next request tries again", async (_, path, reply) => {
    const token = await issuer.sign(someone());
    issuer.answers(path, reply);
    const startedAt = Date.now();
    const answer = await ask(token);
    expect(answer).toMatchObject(unavailable);
    expect(answer.headers.get("Retry-After")).toBe("2");
    expect(Date.now() - startedAt).toBeLessThan(1_500);
    issuer.answers(path, null);
    expect(await ask(token)).toMatchObject({ status: 200 });
  });

  test("its discovery document names another issuer", async () => {
    issuer.answers(DISCOVERY, { issuer: "https://other.example", jwks_uri: issuer.issuer + KEYS });
    expect(await ask(await issuer.sign(someone()))).toMatchObject(unavailable);
    expect(issuer.asked).toEqual([DISCOVERY]);
  });

  test("a new key can't be looked up; keys already fetched still count", async () => {
    await ask(await issuer.sign(someone()));
    issuer.answers(DISCOVERY, 500);
    issuer.answers(KEYS, 500);
    expect(await ask(await issuer.sign(someone(), { kid: "unknown" }))).toMatchObject(unavailable);
    expect(await ask(await issuer.sign(someone()))).toMatchObject({ status: 200 });
  });

  test("it is down", async () => {
    const gone = await startOidcIssuer();
    forgetKeys({ OIDC_ISSUER: gone.issuer });
    const token = await gone.sign(someone());
    await gone.stop();
    expect(await ask(token)).toMatchObject(unavailable);
  });

  test("it is down, except for anyone verified in the last minutes", async () => {
    const token = await issuer.sign(someone());
    await ask(token);
    issuer.answers(DISCOVERY, 500);
    forgetKeys();
    expect(await ask(token)).toMatchObject({ status: 200 });
  });

  test("its keys have moved; they are found once its document says so", async () => {
    issuer.answers(DISCOVERY, { issuer: issuer.issuer, ...elsewhere });
    const token = await issuer.sign(someone());
    expect(await ask(token)).toMatchObject(unavailable);
    issuer.answers(DISCOVERY, null);
    expect(await ask(token)).toMatchObject({ status: 200 });
  });
});
