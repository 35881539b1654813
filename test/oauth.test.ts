import { request } from "node:http";
import { text } from "node:stream/consumers";
import * as jose from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callersOf, scopeOf } from "../src/access/allow.ts";
import { createAccessTokens, deriveSigningKey } from "../src/access/oauth/access-tokens.ts";
import { SCOPES } from "../src/access/oauth/scopes.ts";
import type { Settings } from "../src/config/variables.ts";
import { LIMITS } from "../src/http/rate-limiter.ts";
import { allEndpoints } from "../src/management/all-resources.ts";
import {
  accessToken,
  askForToken,
  basic,
  bearing,
  buildClient,
  type Client,
  tokenForm,
} from "./support/access-tokens.ts";
import {
  buildEnvironment,
  buildOrganization,
  buildPerson,
  invite,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { type Guildhall, startGuildhall, useGuildhall } from "./support/guildhall.ts";

const PREVIOUS_KEY = "the-previous-key-of-the-tests-has-32-bytes";
const guildhall = useGuildhall({ settings: { SECRET_KEYS_PREVIOUS: [PREVIOUS_KEY] } });
let environmentId: string;

beforeAll(async () => {
  environmentId = await buildEnvironment(guildhall);
});

const unauthorized = { status: 401, body: { errors: [{ status: "401", code: "unauthorized" }] } };
const scopeMissing = { status: 403, body: { errors: [{ code: "scope_missing" }] } };

/** Reads the users with this token. */
function ask(token: string, environment = "acme-test") {
  return bearing(guildhall, token).in(environment).get("/api/users");
}

describe("a client's access token", () => {
  test("is given for an hour with HTTP Basic, and can read", async () => {
    const { user } = await buildPerson(guildhall);
    const client = await buildClient(guildhall, ["users:read", "organizations:read"]);
    const answer = await askForToken(guildhall, tokenForm(guildhall), { Authorization: basic(client) });

    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: "Bearer", expires_in: 3600, scope: "users:read organizations:read" },
    });
    expect(Object.keys(answer.body).sort()).toEqual(["access_token", "expires_in", "scope", "token_type"]);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("Content-Type")).toContain("application/json");
    const read = await bearing(guildhall, answer.body.access_token).get(`/api/users/${user.id}`);
    expect(read).toMatchObject({ status: 200, body: { data: { attributes: { email: user.email } } } });
  });

  test("is given for a secret in the form", async () => {
    const { id, secret } = await buildClient(guildhall);
    const form = tokenForm(guildhall, { client_id: id, client_secret: secret });
    const { status, body } = await askForToken(guildhall, form);
    expect(status).toBe(200);
    expect(await ask(body.access_token)).toMatchObject({ status: 200 });
  });

  test("has only the scopes that were requested", async () => {
    const client = await buildClient(guildhall, ["users:read", "events:read", "roles:read"]);
    const form = tokenForm(guildhall, { scope: "roles:read users:read roles:read" });
    const { body } = await askForToken(guildhall, form, { Authorization: basic(client) });
    expect(body.scope).toBe("roles:read users:read");
    expect(jose.decodeJwt(body.access_token).scope).toBe("roles:read users:read");
  });

  test("is a JWT with the claims of RFC 9068", async () => {
    const { id, secret } = await buildClient(guildhall);
    const token = await accessToken(guildhall, { id, secret });
    const resource = `${guildhall.settings.PUBLIC_URL}/api`;

    expect(jose.decodeProtectedHeader(token)).toEqual({
      alg: "EdDSA",
      typ: "at+jwt",
      kid: expect.any(String),
    });
    const claims = jose.decodeJwt(token);
    expect(claims).toEqual({
      iss: guildhall.settings.PUBLIC_URL,
      aud: resource,
      sub: id,
      client_id: id,
      environment: environmentId,
      scope: "users:read",
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600);
    expect(jose.decodeJwt(await accessToken(guildhall, { id, secret })).jti).not.toBe(claims.jti);
  });

  test("is recorded as used, at most once a minute", async () => {
    const client = await buildClient(guildhall);
    const lastUsed = async () =>
      (await guildhall.api.get(`/api/api-clients/${client.id}`)).body.data.attributes.last_used_at;
    expect(await lastUsed()).toBeNull();

    await accessToken(guildhall, client);
    const first = await lastUsed();
    expect(first).not.toBeNull();
    await accessToken(guildhall, client);
    expect(await lastUsed()).toBe(first);
    const past = guildhall.db.raw("now() - interval '61 seconds'");
    await guildhall.db("api_clients").where({ id: client.id }).update({ last_used_at: past });
    await accessToken(guildhall, client);
    expect(Date.parse(await lastUsed())).toBeGreaterThanOrEqual(Date.parse(first));
  });
});

describe("a token request is refused", () => {
  let client: Client;
  beforeAll(async () => {
    client = await buildClient(guildhall, ["users:read", "roles:read"]);
  });

  test.each([
    ["without a grant_type", { grant_type: undefined }, "invalid_request"],
    ["with an empty grant_type, which counts as missing", { grant_type: "" }, "invalid_request"],
    ["for another grant", { grant_type: "authorization_code" }, "unsupported_grant_type"],
    ["without a resource", { resource: undefined }, "invalid_target"],
    ["for another service", { resource: "https://example.com/api" }, "invalid_target"],
    ["for the base without /api", { resource: "http://127.0.0.1" }, "invalid_target"],
    ["for an unknown scope", { scope: "users:fly" }, "invalid_scope"],
    ["for a scope the client doesn't have", { scope: "users:read users:delete" }, "invalid_scope"],
    ["for a blank scope", { scope: " " }, "invalid_scope"],
    ["with a secret in both places", { client_secret: "x" }, "invalid_request"],
    ["with another client's id in the form", { client_id: "x" }, "invalid_request"],
  ])("%s: 400", async (_, fields, error) => {
    const form = tokenForm(guildhall, fields);
    const answer = await askForToken(guildhall, form, { Authorization: basic(client) });
    expect(answer).toMatchObject({ status: 400, body: { error, error_description: expect.any(String) } });
    expect(Object.keys(answer.body)).toEqual(["error", "error_description"]);
    expect(answer.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
  });

  test.each([
    ["with a wrong secret", (it: Client) => basic({ ...it, secret: `${it.secret.slice(0, -1)}_` })],
    ["with an empty secret", (it: Client) => basic({ ...it, secret: "" })],
    ["of an unknown client", (it: Client) => basic({ ...it, id: "client_01h2xcejqtf2nbrexx3vqjhp41" })],
    ["of a malformed client id", (it: Client) => basic({ ...it, id: "\u0000' or 1=1 --" })],
    ["with a broken percent-encoding", (it: Client) => basic({ ...it, secret: "%zz" })],
    ["with malformed HTTP Basic", () => "Basic !"],
    ["with the operator's token", () => guildhall.settings.ADMIN_TOKEN],
    ["with another scheme", (it: Client) => `Bearer ${it.secret}`],
  ])("%s: 401 invalid_client, naming the scheme", async (_, authorization) => {
    const form = tokenForm(guildhall);
    const answer = await askForToken(guildhall, form, { Authorization: authorization(client) });
    expect(answer).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect(answer.headers.get("WWW-Authenticate")).toBe('Basic realm="guildhall"');
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
  });

  test("without complete credentials: 401 invalid_client", async () => {
    for (const fields of [{}, { client_id: client.id }, { client_secret: client.secret }]) {
      const answer = await askForToken(guildhall, tokenForm(guildhall, fields));
      expect(answer).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    }
  });

  test("with a parameter sent twice: 400 invalid_request", async () => {
    const answer = await askForToken(guildhall, `${tokenForm(guildhall)}&resource=https://example.com`, {
      Authorization: basic(client),
    });
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_request" } });
  });

  test("as JSON: 400 invalid_request", async () => {
    const answer = await askForToken(guildhall, JSON.stringify({ grant_type: "client_credentials" }), {
      Authorization: basic(client),
      "Content-Type": "application/json",
    });
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_request" } });
  });

  test("with more than 64 KiB: 413, as JSON", async () => {
    const form = tokenForm(guildhall, { filler: "x".repeat(65 * 1024) });
    const answer = await askForToken(guildhall, form, { Authorization: basic(client) });
    expect(answer).toMatchObject({ status: 413, body: { error: "invalid_request" } });
  });

  test("in another environment, known or unknown: 401", async () => {
    await buildEnvironment(guildhall, "globex");
    const headers = { Authorization: basic(client) };
    const there = await askForToken(guildhall, tokenForm(guildhall), {
      ...headers,
      "X-Environment": "globex",
    });
    expect(there).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    const nowhere = await askForToken(guildhall, tokenForm(guildhall), {
      ...headers,
      "X-Environment": "nobody",
    });
    expect([nowhere.status, nowhere.body]).toEqual([there.status, there.body]);
  });

  test("with any method but POST: 405", async () => {
    const answer = await fetch(`${guildhall.api.origin}/oauth/token`);
    expect(answer.status).toBe(405);
    expect(answer.headers.get("Allow")).toBe("POST");
    expect(await answer.json()).toMatchObject({ error: "invalid_request" });
  });

  test("with 429 after too many wrong secrets", async () => {
    // A process of its own, because the address has used up its guesses afterwards.
    const other = await startGuildhall();
    const genuine = await buildClient(other);
    const wrong = { Authorization: basic({ ...genuine, secret: "wrong" }) };
    const statuses: number[] = [];
    for (let guess = 0; guess < LIMITS.wrong_secret.requests; guess += 1) {
      statuses.push((await askForToken(other, tokenForm(other), wrong)).status);
    }
    expect(new Set(statuses)).toEqual(new Set([401]));
    const last = await askForToken(other, tokenForm(other), wrong);
    expect(last).toMatchObject({ status: 429, body: { error: "temporarily_unavailable" } });
    expect(Number(last.headers.get("Retry-After"))).toBeGreaterThan(0);
    const right = await askForToken(other, tokenForm(other), { Authorization: basic(genuine) });
    expect(right.status).toBe(200);
    await other.stop();
  });
});

describe("an access token", () => {
  /** Signs a token as the service would, except for what is given here. */
  async function forge(
    claims: Record<string, unknown> = {},
    {
      secret = guildhall.settings.SECRET_KEY,
      header = {},
    }: { secret?: string; header?: Record<string, unknown> } = {},
  ): Promise<string> {
    const { id } = await buildClient(guildhall);
    const { privateKey, publicKey } = deriveSigningKey(secret);
    const now = Math.floor(Date.now() / 1_000);
    const { PUBLIC_URL } = guildhall.settings;
    const payload = {
      iss: PUBLIC_URL,
      aud: `${PUBLIC_URL}/api`,
      sub: id,
      client_id: id,
      environment: environmentId,
      scope: "users:read",
      iat: now,
      exp: now + 3_600,
      jti: unique("jti"),
      ...claims,
    };
    return new jose.SignJWT(JSON.parse(JSON.stringify(payload)))
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: publicKey.kid, ...header })
      .sign(privateKey);
  }

  test("made by the test is accepted if everything in it is right", async () => {
    expect(await ask(await forge())).toMatchObject({ status: 200 });
  });

  const past = Math.floor(Date.now() / 1_000) - 1;
  test.each([
    ["after it has expired", { exp: past }],
    ["without an expiry", { exp: undefined }],
    ["from another issuer", { iss: "https://example.com" }],
    ["for another audience", { aud: "https://example.com/api" }],
    ["for several audiences", { aud: ["https://example.com/api", "http://127.0.0.1/api"] }],
    ["without an audience", { aud: undefined }],
    ["of an unknown client", { client_id: "client_01h2xcejqtf2nbrexx3vqjhp41" }],
    ["without a client", { client_id: undefined }],
    ["of another environment", { environment: "env_01h2xcejqtf2nbrexx3vqjhp41" }],
    ["without an environment", { environment: undefined }],
    ["with scopes that are not text", { scope: ["users:read"] }],
  ])("%s is refused: 401", async (_, claims) => {
    expect(await ask(await forge(claims))).toMatchObject(unauthorized);
  });

  test.each([
    ["signed by a foreign key", { secret: "somebody-else's-secret-key-of-32-bytes" }],
    ["of another type", { header: { typ: "JWT" } }],
    ["naming an unknown key", { header: { kid: "none" } }],
    ["with an unknown critical extension", { header: { crit: ["exp"], exp: 1 } }],
  ])("%s is refused: 401", async (_, options) => {
    const token = await forge({}, options).catch(() => forge({}, { secret: "y".repeat(32) }));
    expect(await ask(token)).toMatchObject(unauthorized);
  });

  test("unsigned, or signed with the public key as a secret, is refused: 401", async () => {
    const [, payload = ""] = (await forge()).split(".");
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const { publicKey } = deriveSigningKey(guildhall.settings.SECRET_KEY);
    expect(await ask(`${encode({ alg: "none", typ: "at+jwt" })}.${payload}.`)).toMatchObject(unauthorized);

    const hmac = await new jose.SignJWT(jose.decodeJwt(`${encode({})}.${payload}.`))
      .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: publicKey.kid })
      .sign(Buffer.from(publicKey.x.padEnd(64, "x")));
    expect(await ask(hmac)).toMatchObject(unauthorized);
  });

  test("changed, shortened or lengthened is refused: 401", async () => {
    const token = await forge();
    const [header = "", payload = "", signature = ""] = token.split(".");
    const more = { ...jose.decodeJwt(token), scope: SCOPES.join(" ") };
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const tampered = [
      `${header}.${encode(more)}.${signature}`,
      `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
      `${encode({ alg: "EdDSA" })}.${payload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${encode(null)}.${signature}`,
      `${encode(null)}.${payload}.${signature}`,
      `${encode([])}.${encode([])}.${signature}`,
      `a.b.c`,
      `${token}.${signature}`,
      `${token}A`,
    ];
    for (const wrong of tampered) expect(await ask(wrong)).toMatchObject(unauthorized);
  });

  test("is refused as X-Session-ID, and wins over a valid session", async () => {
    const { token } = await buildPerson(guildhall);
    const access = await forge();
    const anonymous = guildhall.api.as(null);
    expect(await anonymous.get("/api/users", { "X-Session-ID": access })).toMatchObject(unauthorized);
    const both = { Authorization: "Bearer a.b.c", "X-Session-ID": token };
    expect(await anonymous.get("/api/organizations", both)).toMatchObject(unauthorized);
  });

  test("is refused in another environment: 401", async () => {
    await buildEnvironment(guildhall, "globex");
    const token = await accessToken(guildhall, await buildClient(guildhall));
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(await ask(token, "globex")).toMatchObject(unauthorized);
  });

  test("is refused as soon as its client is deleted: 401", async () => {
    const client = await buildClient(guildhall);
    const token = await accessToken(guildhall, client);
    expect(await ask(token)).toMatchObject({ status: 200 });

    await guildhall.api.delete(`/api/api-clients/${client.id}`);
    expect(await ask(token)).toMatchObject(unauthorized);
    const again = await askForToken(guildhall, tokenForm(guildhall), { Authorization: basic(client) });
    expect(again).toMatchObject({ status: 401, body: { error: "invalid_client" } });
  });

  test("loses a scope with its client, and gains none with it", async () => {
    const client = await buildClient(guildhall, ["users:read", "organizations:read"]);
    const token = await accessToken(guildhall, client);
    const organizations = () => bearing(guildhall, token).get("/api/organizations");
    expect(await organizations()).toMatchObject({ status: 200 });

    const attributes = { scopes: ["users:read", "roles:read"] };
    await guildhall.api.patch(`/api/api-clients/${client.id}`, {
      data: { type: "api_client", id: client.id, attributes },
    });
    expect(await organizations()).toMatchObject(scopeMissing);
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(await bearing(guildhall, token).get("/api/roles")).toMatchObject(scopeMissing);
    const fresh = await accessToken(guildhall, client);
    expect(await bearing(guildhall, fresh).get("/api/roles")).toMatchObject({ status: 200 });
  });
});

async function anInvitation(): Promise<string> {
  const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  return (await invite(guildhall, organization, uniqueEmail())).body.data.id;
}

describe("the use of an access token", () => {
  test.each(
    allEndpoints
      .filter(({ allow }) => !["operator", "user"].includes(callersOf(allow)))
      .map(({ method, path, allow }) => [method, path, scopeOf(allow)] as const),
  )("%s %s needs a known scope, and is refused without it", async (method, path, scope) => {
    expect(SCOPES).toContain(scope);
    const others = SCOPES.filter((name) => name !== scope);
    const token = await accessToken(guildhall, await buildClient(guildhall, others));
    const api = bearing(guildhall, token);
    // The path printed in emails finds the environment by its invitation, so there must be one.
    const id = path.startsWith("/invitations") ? await anInvitation() : "unknown";
    const url = path.replace(":id", id);
    const answer = await {
      GET: () => api.get(url),
      POST: () => api.post(url, {}),
      PUT: () => api.put(url, {}),
      PATCH: () => api.patch(url, {}),
      DELETE: () => api.delete(url),
    }[method]();
    expect(answer).toMatchObject(scopeMissing);
  });

  test.each(
    allEndpoints.filter(({ allow }) => callersOf(allow) === "user").map(({ path }) => [path] as const),
  )("%s is for people only, with any scopes", async (path) => {
    const token = await accessToken(guildhall, await buildClient(guildhall, [...SCOPES]));
    const answer = await bearing(guildhall, token).get(path.replace(":id", "unknown"));
    expect(answer).toMatchObject({ status: 403, body: { errors: [{ code: "session_required" }] } });
  });

  test.each(
    allEndpoints
      .filter(({ allow }) => allow.kind === "operator")
      .map(({ method, path }) => [method, path] as const),
  )("%s %s is for the operator only, with any scopes", async (method, path) => {
    const token = await accessToken(guildhall, await buildClient(guildhall, [...SCOPES]));
    const api = bearing(guildhall, token);
    const url = path.replace(":id", "unknown");
    const answer = await {
      GET: () => api.get(url),
      POST: () => api.post(url, {}),
      PUT: () => api.put(url, {}),
      PATCH: () => api.patch(url, {}),
      DELETE: () => api.delete(url),
    }[method]();
    expect(answer).toMatchObject({ status: 403, body: { errors: [{ code: "operator_only" }] } });
  });

  test("covers all organizations, and events name the client", async () => {
    const scopes = ["organizations:read", "organizations:write"];
    const token = await accessToken(guildhall, await buildClient(guildhall, scopes));
    const { id } = await buildOrganization(guildhall, await buildPerson(guildhall));
    const api = bearing(guildhall, token);
    const path = `/api/organizations/${id}`;

    expect(await api.get(path)).toMatchObject({ status: 200 });
    const document = { data: { type: "organization", id, attributes: { name: "Renamed" } } };
    expect(await api.patch(path, document)).toMatchObject({ status: 200 });
    expect(await api.delete(path)).toMatchObject(scopeMissing);
    const event = await guildhall
      .db("events")
      .where({ subject_id: id, type: "organization.updated" })
      .first("actor_kind", "actor_user_id");
    expect(event).toEqual({ actor_kind: "client", actor_user_id: null });
  });

  test("excludes organizations of other environments: 404", async () => {
    const owner = await buildPerson(guildhall, { environment: "globex" });
    const { id } = await buildOrganization(guildhall, owner);
    const token = await accessToken(guildhall, await buildClient(guildhall, ["organizations:read"]));
    const read = await bearing(guildhall, token).get(`/api/organizations/${id}`);
    expect(read).toMatchObject({ status: 404 });
  });
});

describe("under a public name", () => {
  let named: Guildhall;
  beforeAll(async () => {
    named = await startGuildhall();
    named.settings.PUBLIC_URL = "https://guildhall.example.com";
    await buildEnvironment(named);
  });
  afterAll(() => named.stop());

  /** Sends a request with a Host header, which `fetch` can't. */
  function send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body = "",
  ): Promise<{ status: number; body: Record<string, string> }> {
    return new Promise((resolve, reject) => {
      const sent = request(`${named.api.origin}${path}`, { method, headers }, async (answer) =>
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(await text(answer)) }),
      );
      sent.on("error", reject).end(body);
    });
  }

  test.each(["https://guildhall.example.com/api", "https://acme-test.guildhall.example.com/api"])(
    "a token for %s is issued and accepted if Host names the environment",
    async (resource) => {
      const headers = { Host: "acme-test.guildhall.example.com" };
      const form = tokenForm(named, { resource });
      const Authorization = basic(await buildClient(named));
      const granted = await send(
        "POST",
        "/oauth/token",
        { ...headers, Authorization, "Content-Type": "application/x-www-form-urlencoded" },
        String(form),
      );
      expect(granted.status).toBe(200);
      const token = granted.body.access_token ?? "";
      expect(jose.decodeJwt(token)).toMatchObject({ iss: "https://guildhall.example.com", aud: resource });
      const read = { ...headers, Authorization: `Bearer ${token}` };
      expect(await send("GET", "/api/users", read)).toMatchObject({ status: 200 });
    },
  );

  test("a token for another environment's base is refused: invalid_target", async () => {
    await buildEnvironment(named, "globex");
    const form = tokenForm(named, { resource: "https://globex.guildhall.example.com/api" });
    const answer = await askForToken(named, form, { Authorization: basic(await buildClient(named)) });
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_target" } });
  });
});

describe("discovery", () => {
  test("describes the endpoints and what they support (RFC 8414)", async () => {
    const { PUBLIC_URL } = guildhall.settings;
    const answer = await fetch(`${PUBLIC_URL}/.well-known/oauth-authorization-server`);
    expect(answer.headers.get("Content-Type")).toContain("application/json");
    expect(await answer.json()).toEqual({
      issuer: PUBLIC_URL,
      token_endpoint: `${PUBLIC_URL}/oauth/token`,
      jwks_uri: `${PUBLIC_URL}/.well-known/jwks.json`,
      grant_types_supported: ["client_credentials"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      scopes_supported: SCOPES,
      response_types_supported: [],
    });
  });

  test("publishes current and previous keys by thumbprint, and no private part", async () => {
    const answer = await fetch(`${guildhall.api.origin}/.well-known/jwks.json`);
    expect(answer.status).toBe(200);
    const { keys } = JSON.parse(await answer.text());
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
      expect(key).toMatchObject({ alg: "EdDSA", crv: "Ed25519", kty: "OKP", use: "sig" });
      expect(key.kid).toBe(await jose.calculateJwkThumbprint(key));
    }
  });

  test("lets any other service verify a token", async () => {
    const token = await accessToken(guildhall, await buildClient(guildhall));
    const { body: metadata } = await guildhall.api.get("/.well-known/oauth-authorization-server");
    const keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri));
    const { payload } = await jose.jwtVerify(token, keys, {
      issuer: metadata.issuer,
      audience: `${metadata.issuer}/api`,
    });
    expect(payload.scope).toBe("users:read");
  });
});

describe("a change of SECRET_KEY", () => {
  /** Signs a token as a process with this SECRET_KEY would. */
  async function signedWith(change: Pick<Settings, "SECRET_KEY" | "SECRET_KEYS_PREVIOUS">): Promise<string> {
    const { id } = await buildClient(guildhall);
    const { PUBLIC_URL } = guildhall.settings;
    const grant = { client_id: id, environment: environmentId, scopes: ["users:read"] };
    return createAccessTokens({ PUBLIC_URL, ...change }).sign({ ...grant, audience: `${PUBLIC_URL}/api` });
  }

  test("keeps tokens of the previous key, and no others", async () => {
    const before = await signedWith({ SECRET_KEY: PREVIOUS_KEY, SECRET_KEYS_PREVIOUS: [] });
    expect(await ask(before)).toMatchObject({ status: 200 });
    const dropped = await signedWith({ SECRET_KEY: "z".repeat(32), SECRET_KEYS_PREVIOUS: [] });
    expect(await ask(dropped)).toMatchObject(unauthorized);
  });

  test("signs new tokens with the new key", async () => {
    const token = await accessToken(guildhall, await buildClient(guildhall));
    const { kid } = deriveSigningKey(guildhall.settings.SECRET_KEY).publicKey;
    expect(jose.decodeProtectedHeader(token).kid).toBe(kid);
  });

  test("gives every process the same key for the same secret", () => {
    const [one, same, other] = ["a", "a", "b"].map((letter) => deriveSigningKey(letter.repeat(32)).publicKey);
    expect(same).toEqual(one);
    expect(other?.kid).not.toBe(one?.kid);
  });
});
