import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isWeakSecret } from "../src/config/contradictions.ts";
import { ConfigError, readConfig } from "../src/config/read-config.ts";
import { packageRoot } from "../src/lib/package-root.ts";
import { randomToken } from "../src/lib/random-token.ts";

describe("a secret that anyone could guess", () => {
  test.each([
    "a".repeat(32),
    "0".repeat(64),
    "ab".repeat(20),
    "secretsecretsecretsecretsecretsecret",
    "changeme-changeme-changeme-changeme",
    "ChangeMe1234567890",
    "please_change_me_before_production_x7",
    "change-this-key-it-signs-the-links-of-invitations",
    "change-this-operator-token",
    "replace-me-with-32-random-bytes-0000",
    "your-secret-key-here-at-least-32-bytes",
    "the-auth-service-has-the-very-same-secret",
    "prometheus-sends-the-very-same",
    "the-adapter-signs-with-the-very-same-secret",
    "my-super-secret-admin-token",
    "password12345678",
    "admin-admin-2026-token",
    "supersecretpassword",
    "SecretSecret12345",
    "0123456789abcdef0123456789abcdef",
    "1234567890123456",
    "abcdefghijklmnopqrstuvwxyz012345",
    "zyxwvutsrqponmlkjihgfedcba987654",
    "aaaaaaaaaaaaaaab",
    "this-is-a-very-long-secret-key",
  ])("such as %s is weak", (secret) => {
    expect(isWeakSecret(secret)).toBe(true);
  });

  test("is never used in an example", () => {
    const example = readFileSync(join(packageRoot(), ".env.example"), "utf8");
    const shown = [...example.matchAll(/^#?(\w*(?:SECRET|TOKEN)\w*)=(.*)$/gm)];
    expect(shown.length).toBeGreaterThan(3);
    for (const [, name, value] of shown) expect(value, name).toBe("");
  });
});

test("a generator's secret is never weak", () => {
  for (let n = 0; n < 300; n += 1) {
    const made = [
      randomToken(),
      randomBytes(16).toString("hex"),
      randomBytes(48).toString("base64"),
      `whsec_${randomBytes(24).toString("base64")}`,
      crypto.randomUUID(),
    ];
    for (const secret of made) expect(isWeakSecret(secret), secret).toBe(false);
  }
});

test("a passphrase of several words of one's own is not weak", () => {
  expect(isWeakSecret("correct-horse-battery-staple-in-the-attic")).toBe(false);
});

describe("production", () => {
  const good = {
    NODE_ENV: "production",
    DATABASE_URL: "postgres://guildhall@db/guildhall",
    SMTP_URL: "smtp://mail:25",
    PUBLIC_URL: "https://guildhall.example.com",
    MAIL_FROM: "no-reply@example.com",
    SECRET_KEY: randomToken(),
    ADMIN_TOKEN: randomToken(),
    SESSION_VALIDATION_URL: "https://auth.example.com",
    BRIDGE_VALIDATION_SECRET: randomToken(),
  };
  const problem = (variables: Record<string, string>, role: "api" | "worker" | "migrate" = "api") => {
    try {
      readConfig({ ...good, ...variables }, role);
      return undefined;
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
  };
  const weak = "change-this-change-this-change-this";

  test.each([
    "SECRET_KEY",
    "SECRET_KEYS_PREVIOUS",
    "ADMIN_TOKEN",
    "METRICS_TOKEN",
    "MAIL_EVENTS_SECRET",
    "BRIDGE_VALIDATION_SECRET",
  ])("production refuses a placeholder as %s, and says how to make a secret", (name) => {
    expect(problem({})).toBeUndefined();
    for (const role of ["api", "worker"] as const) {
      expect(problem({ [name]: weak }, role)).toMatch(new RegExp(`^${name} is a placeholder.*openssl rand`));
    }
    expect(problem({ [name]: weak, NODE_ENV: "development" })).toBeUndefined();
  });

  test("doesn't log the secret itself", () => {
    expect(problem({ ADMIN_TOKEN: weak })).not.toContain(weak);
  });

  test("migrates without checking what migrating doesn't use", () => {
    expect(problem({ ADMIN_TOKEN: weak }, "migrate")).toBeUndefined();
  });
});
