import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../src/config/read-config.ts";
import type { Role } from "../src/config/variables.ts";

const SECRET = "a-secret-key-of-thirty-two-bytes";

/** All variables that production requires. */
const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://guildhall@db/guildhall",
  SMTP_URL: "smtp://mail:25",
  PUBLIC_URL: "https://guildhall.example.com",
  MAIL_FROM: "Acme <no-reply@example.com>",
  SECRET_KEY: SECRET,
  ADMIN_TOKEN: "an-operator-token",
};

/** The lines of the message, each about one variable. */
function problems(variables: Record<string, string | undefined>, role: Role = "all"): string[] {
  try {
    readConfig(variables, role);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
}

describe("with no variables set", () => {
  test("everything has a default except what production must set", () => {
    expect(readConfig({}, "all")).toEqual({
      role: "all",
      production: false,
      NODE_ENV: "development",
      HOST: "127.0.0.1",
      PORT: 3000,
      DATA_DIR: "./.guildhall",
      PROXIES: 0,
      SECRET_KEYS_PREVIOUS: [],
      EXPIRE_EVERY: 60_000,
      SWEEP_EVERY: 15_000,
      LOG_LEVEL: "info",
    });
  });

  test("empty variables count as unset, and unknown ones are ignored", () => {
    const variables = {
      PORT: "",
      REDIS_URL: "",
      SECRET_KEY: "",
      ADMIN_TOKEN: "",
      PATH: "/bin",
      HOME: undefined,
    };
    expect(readConfig(variables, "all")).toEqual(readConfig({}, "all"));
  });
});

test("every variable that is set is read", () => {
  const variables = {
    PORT: "8080",
    HOST: "0.0.0.0",
    PUBLIC_URL: "https://guildhall.example.com",
    REDIS_URL: "rediss://cache:6380/2",
    SMTP_URL: "smtps://user:secret@mail:465",
    SMTP_CONNECTIONS: "3",
    SMTP_RATE: "60",
    MAIL_FROM: "no-reply@example.com",
    SECRET_KEYS_PREVIOUS: `${SECRET}-1,${SECRET}-2`,
    DEFAULT_ENVIRONMENT: "acme-test",
    EXPIRE_EVERY: "500ms",
    SWEEP_EVERY: "5m",
    LOG_LEVEL: "debug",
  };
  expect(readConfig(variables, "all")).toMatchObject({
    ...variables,
    PORT: 8080,
    SMTP_CONNECTIONS: 3,
    SMTP_RATE: 60,
    MAIL_FROM: { name: "", address: "no-reply@example.com" },
    SECRET_KEYS_PREVIOUS: [`${SECRET}-1`, `${SECRET}-2`],
    EXPIRE_EVERY: 500,
    SWEEP_EVERY: 300_000,
  });
});

test.each([
  ["Acme <no-reply@example.com>", { name: "Acme", address: "no-reply@example.com" }],
  ['"Acme, Inc." <no-reply@example.com>', { name: "Acme, Inc.", address: "no-reply@example.com" }],
  ["Bäcker & Söhne <post@bücher.example>", { name: "Bäcker & Söhne", address: "post@xn--bcher-kva.example" }],
  ["<no-reply@example.com>", { name: "", address: "no-reply@example.com" }],
])("MAIL_FROM may be %s", (text, expected) => {
  expect(readConfig({ MAIL_FROM: text }, "all").MAIL_FROM).toEqual(expected);
});

describe("a wrong variable refuses the start", () => {
  test.each([
    ["PORT", ["0", "-1", "65536", "80.5", "http", "3000 3001"]],
    [
      "PUBLIC_URL",
      [
        "guildhall.example.com",
        "ftp://x.example",
        "https://x.example/path",
        "https://x.example/?a",
        "https://x.example/#a",
        "https://user:secret@x.example",
      ],
    ],
    ["DATABASE_URL", ["mysql://db", "db", "http://db"]],
    ["REDIS_URL", ["http://cache", "cache:6379"]],
    ["SMTP_URL", ["mail:25", "http://mail"]],
    ["SMTP_CONNECTIONS", ["0", "-1", "2.5", "ten", "101"]],
    ["SMTP_RATE", ["0", "-1", "2.5", "60/min", "1000001"]],
    ["MAIL_FROM", ["Acme", "a@b", "a@example.com, b@example.com", "Acme <a@example.com> <b@example.com>"]],
    ["DKIM_DOMAIN", ["example", "https://example.com", "a b.example", "-a.example", "example.com."]],
    ["DKIM_SELECTOR", ["two words", "-x", "a;b"]],
    ["DKIM_PRIVATE_KEY", ["secret", "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----"]],
    [
      "MAIL_EVENTS_SECRET",
      ["twenty-three bytes long", "whsec_c2hvcnQ=", `whsec_${"!".repeat(40)}`, "whsec_"],
    ],
    ["SECRET_KEY", ["short", "x".repeat(31)]],
    ["SECRET_KEYS_PREVIOUS", ["short", `${SECRET},short`]],
    [
      "ADMIN_TOKEN",
      ["too-short", "fifteen-letters", "a token with spaces", "hash#of#operators", "prüfer-des-betreibers"],
    ],
    ["METRICS_TOKEN", ["fifteen-letters", "a token with spaces", "hash#of#metrics", `${"x".repeat(16)}\n`]],
    [
      "SESSION_VALIDATION_URL",
      ["auth.example.com", "ftp://auth.example.com", "https://user:secret@auth.example.com/validate"],
    ],
    ["BRIDGE_VALIDATION_SECRET", ["short", "x".repeat(31), `${SECRET} `, `${SECRET}\n`, "ü".repeat(32)]],
    ["OIDC_ISSUER", ["login.example.com", "https://login.example.com/?a", "https://login.example.com/#a"]],
    ["OIDC_TRUST_EMAIL", ["yes", "1", "TRUE"]],
    ["DEFAULT_ENVIRONMENT", ["Acme", "-acme", "acme_test", "acme.test", "a".repeat(64)]],
    ["EXPIRE_EVERY", ["0s", "60", "1.5m", "-5s", "5 m", "1w", "soon"]],
    ["SWEEP_EVERY", ["0ms", "15S", "1e3s"]],
    ["LOG_LEVEL", ["verbose", "INFO"]],
  ])("%s", (name, values) => {
    for (const value of values) {
      const lines = problems({ [name]: value });
      expect(lines, value).toHaveLength(1);
      expect(lines[0]).toMatch(new RegExp(`^${name} `));
    }
  });

  test("a wrong variable is reported by name, not by its possibly secret value", () => {
    const variables = { SECRET_KEY: "hunter2", ADMIN_TOKEN: "swordfish", SMTP_URL: "http://u:opensesame@m" };
    expect(problems(variables).join()).not.toMatch(/hunter2|swordfish|opensesame/);
  });

  test("all wrong variables are reported at once", () => {
    const lines = problems({ PORT: "x", LOG_LEVEL: "loud", EXPIRE_EVERY: "often" });
    expect(lines.map((line) => line.split(" ")[0]).sort()).toEqual(["EXPIRE_EVERY", "LOG_LEVEL", "PORT"]);
  });
});

test.each(["ADMIN_TOKEN", "METRICS_TOKEN"] as const)(
  "%s accepts every character a bearer token may have",
  (name) => {
    const token = "azAZ09-._~+/letters==";
    expect(readConfig({ [name]: token }, "all")[name]).toBe(token);
  },
);

describe("production", () => {
  test("starts when every required variable is set", () => {
    for (const role of ["all", "api", "worker", "migrate"] as const) {
      expect(readConfig(production, role)).toMatchObject({ production: true, role });
    }
  });

  test("names all missing variables at once", () => {
    const { NODE_ENV, ...required } = production;
    for (const role of ["all", "api", "worker"] as const) {
      const lines = problems({ NODE_ENV }, role);
      expect(lines.map((line) => line.split(" ")[0]).sort()).toEqual(Object.keys(required).sort());
    }
    for (const name of Object.keys(required)) {
      expect(problems({ ...production, [name]: "" })).toEqual([expect.stringMatching(`^${name} is missing`)]);
    }
  });

  test("needs only the database in order to migrate", () => {
    const { NODE_ENV, DATABASE_URL } = production;
    expect(problems({ NODE_ENV, DATABASE_URL }, "migrate")).toEqual([]);
    expect(problems({ NODE_ENV }, "migrate")).toEqual([expect.stringMatching("^DATABASE_URL is missing")]);
  });
});

describe("contradicting variables refuse the start:", () => {
  test("a single role without a database, which only `npm start` brings", () => {
    for (const role of ["api", "worker", "migrate"] as const) {
      expect(problems({}, role)).toEqual([expect.stringMatching("^DATABASE_URL is missing")]);
    }
  });

  test.each([
    ["SESSION_VALIDATION_URL", "https://auth.example.com/validate", "BRIDGE_VALIDATION_SECRET", SECRET],
    ["OIDC_ISSUER", "https://login.example.com/", "OIDC_AUDIENCE", "guildhall"],
  ])("one of %s without the other", (one, first, other, second) => {
    expect(problems({ [one]: first })).toEqual([`${other} is missing: ${one} needs it`]);
    expect(problems({ [other]: second })).toEqual([`${one} is missing: ${other} needs it`]);
    expect(problems({ [one]: first, [other]: "" })).toEqual([`${other} is missing: ${one} needs it`]);
    // Exactly as given, because issuers are compared character by character.
    const both = { [one]: first, [other]: second };
    expect(readConfig(both, "all")).toMatchObject(both);
  });

  test("a trusted issuer that isn't named", () => {
    expect(problems({ OIDC_TRUST_EMAIL: "true" })).toEqual([
      "OIDC_ISSUER is missing: OIDC_TRUST_EMAIL needs it",
    ]);
    expect(problems({ OIDC_TRUST_EMAIL: "false" })).toEqual([]);
  });

  test("an issuer that is Guildhall itself", () => {
    const PUBLIC_URL = "https://guildhall.example.com";
    const lines = problems({ PUBLIC_URL, OIDC_ISSUER: `${PUBLIC_URL}/`, OIDC_AUDIENCE: "guildhall" });
    expect(lines).toEqual([expect.stringMatching("^OIDC_ISSUER is the same as PUBLIC_URL")]);
  });

  test("a metrics token equal to the operator's", () => {
    const ADMIN_TOKEN = "an-operator-token";
    const lines = problems({ ADMIN_TOKEN, METRICS_TOKEN: ADMIN_TOKEN });
    expect(lines).toEqual([expect.stringMatching("^METRICS_TOKEN is the same as ADMIN_TOKEN")]);
    expect(problems({ ADMIN_TOKEN, METRICS_TOKEN: `${ADMIN_TOKEN}-of-metrics` })).toEqual([]);
  });

  test("a key that is both current and previous", () => {
    const lines = problems({ SECRET_KEY: SECRET, SECRET_KEYS_PREVIOUS: `${SECRET}-1,${SECRET}` });
    expect(lines).toEqual([expect.stringMatching("^SECRET_KEYS_PREVIOUS contains SECRET_KEY")]);
  });
});
