import { z } from "zod";
import { parseDuration } from "./lib/duration.ts";
import { parseEmailAddress } from "./lib/email-address.ts";
import { rsaKeyProblem } from "./lib/rsa-key.ts";
import { webhookKey } from "./lib/webhook-signature.ts";

export type Role = "all" | "api" | "worker" | "migrate";

const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, issue) => {
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined) return milliseconds;
      issue.addIssue("must be a duration such as 500ms, 15s, 5m or 7d");
      return z.NEVER;
    });

const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
  });

const mailFrom = z.string().transform((text, issue) => {
  const [, name, address] = /^(?:"?([^"<>]*?)"?\s*<([^<>]+)>)$/.exec(text.trim()) ?? [
    undefined,
    "",
    text.trim(),
  ];
  const parsed = parseEmailAddress(address ?? "");
  if (parsed !== undefined) return { name: name ?? "", address: parsed.email };
  issue.addIssue("must be an address such as no-reply@example.com or Acme <no-reply@example.com>");
  return z.NEVER;
});

const secretKey = z
  .string()
  .refine((key) => Buffer.byteLength(key) >= 32, { error: "must have at least 32 bytes" });

/** Of a service that is asked; kept as given, for an issuer is compared to the letter. */
const serviceUrl = url("http:", "https:")
  .max(1_000, { error: "must have at most 1000 characters" })
  .refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === "", {
    error: "must be a URL without a user's name and password",
  });

const domainName = z
  .string()
  .toLowerCase()
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/, {
    error: "must be a domain such as example.com",
  });

/** Names in DNS what verifies a signature; may have dots. */
const dkimSelector = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/, {
  error: "must be a DKIM selector such as mail-2027",
});

const rsaKey = z
  .string()
  .transform((text) => text.replaceAll("\\n", "\n"))
  .superRefine((pem, issue) => {
    const problem = rsaKeyProblem(pem);
    if (problem !== undefined) issue.addIssue(problem);
  });

const origins = z
  .string()
  .transform((text) => text.split(",").map((origin) => origin.trim()))
  .refine((list) => list.every((origin) => origin === "*" || isOrigin(origin)), {
    error: "must be origins such as https://app.example.com, with commas between, or *",
  });

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

const Variables = z.object({
  NODE_ENV: z.string().default("development"),
  PORT: z.coerce.number({ error: "must be a port number" }).int().min(1).max(65_535).default(3000),
  HOST: z.string().optional(),
  PUBLIC_URL: url("http:", "https:")
    .refine((text) => !URL.canParse(text) || new URL(text).href === `${new URL(text).origin}/`, {
      error: "must be an origin such as https://guildhall.example.com, with nothing before or after the host",
    })
    .optional(),
  DATABASE_URL: url("postgres:", "postgresql:").optional(),
  REDIS_URL: url("redis:", "rediss:").optional(),
  SMTP_URL: url("smtp:", "smtps:").optional(),
  MAIL_FROM: mailFrom.optional(),
  DKIM_DOMAIN: domainName.optional(),
  DKIM_SELECTOR: dkimSelector.optional(),
  DKIM_PRIVATE_KEY: rsaKey.optional(),
  DKIM_PRIVATE_KEY_FILE: z.string().optional(),
  MAIL_EVENTS_SECRET: z
    .string()
    .refine((secret) => !secret.startsWith("whsec_") || /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret), {
      error: "must be base64 after whsec_",
      abort: true,
    })
    .refine((secret) => webhookKey(secret).length >= 24, { error: "must have at least 24 bytes" })
    .optional(),
  DATA_DIR: z.string().default("./.guildhall"),
  SECRET_KEY: secretKey.optional(),
  SECRET_KEYS_PREVIOUS: z
    .string()
    .default("")
    .transform((text) => text.split(",").filter((key) => key !== ""))
    .pipe(z.array(secretKey)),
  ADMIN_TOKEN: z
    .string()
    .regex(/^[\w~+/.=-]{16,4096}$/, {
      error: "must have at least 16 characters, all of them letters, digits or one of - . _ ~ + / =",
    })
    .optional(),
  SESSION_VALIDATION_URL: serviceUrl.optional(),
  BRIDGE_VALIDATION_SECRET: z
    .string()
    .regex(/^[!-~]{32,}$/, {
      error: "must have at least 32 bytes, all of them visible ASCII: it is sent as a header",
    })
    .optional(),
  OIDC_ISSUER: serviceUrl
    .refine((text) => !/[?#]/.test(text), { error: "must be a URL without ? and #" })
    .optional(),
  OIDC_AUDIENCE: z.string().optional(),
  DEFAULT_ENVIRONMENT: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: "must be an environment's handle" })
    .optional(),
  BRIDGE_ORIGINS: origins.optional(),
  PROXIES: z.coerce.number({ error: "must be a whole number from 0 to 10" }).int().min(0).max(10).default(0),
  EXPIRE_EVERY: duration("60s"),
  SWEEP_EVERY: duration("15s"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

export type Config = z.infer<typeof Variables> & { role: Role; production: boolean };

type Provided =
  | "HOST"
  | "PUBLIC_URL"
  | "DATABASE_URL"
  | "SMTP_URL"
  | "MAIL_FROM"
  | "SECRET_KEY"
  | "ADMIN_TOKEN";

/** Everything a running process knows: given in production, completed by the embedded parts in development. */
export type Settings = Omit<Config, Provided> & { [Name in Provided]: NonNullable<Config[Name]> };

/** What production must be told, since nothing embedded starts and nothing is made up there. */
const REQUIRED_IN_PRODUCTION = [
  "DATABASE_URL",
  "SMTP_URL",
  "PUBLIC_URL",
  "MAIL_FROM",
  "SECRET_KEY",
  "ADMIN_TOKEN",
] as const;

/** What is worth nothing without the other. */
const PAIRS = [
  ["SESSION_VALIDATION_URL", "BRIDGE_VALIDATION_SECRET"],
  ["OIDC_ISSUER", "OIDC_AUDIENCE"],
] as const;

/** Variables that make no sense; the message names each. */
export class ConfigError extends Error {}

/**
 * Reads and checks every variable; a pure function of the environment. An empty variable counts as unset.
 * @throws ConfigError naming every variable that is wrong, contradictory or missing.
 */
export function readConfig(environment: Record<string, string | undefined>, role: Role): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Variables.safeParse(set);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`).join("\n"),
    );
  }
  const config = { ...parsed.data, role, production: parsed.data.NODE_ENV === "production" };
  const problems = contradictions(config);
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  return config;
}

function contradictions(config: Config): string[] {
  const problems: string[] = [];
  const required = config.role === "migrate" ? (["DATABASE_URL"] as const) : REQUIRED_IN_PRODUCTION;
  if (config.production) {
    for (const name of required)
      if (config[name] === undefined)
        problems.push(`${name} is missing: NODE_ENV=production starts nothing embedded`);
  } else if (config.role !== "all" && config.DATABASE_URL === undefined) {
    problems.push(`DATABASE_URL is missing: only \`npm start\` brings its own Postgres`);
  }
  if (config.SECRET_KEY !== undefined && config.SECRET_KEYS_PREVIOUS.includes(config.SECRET_KEY)) {
    problems.push("SECRET_KEYS_PREVIOUS contains SECRET_KEY: a key is either current or previous");
  }
  for (const [one, other] of PAIRS) {
    if (config[one] !== undefined && config[other] === undefined)
      problems.push(`${other} is missing: ${one} needs it`);
    if (config[other] !== undefined && config[one] === undefined)
      problems.push(`${one} is missing: ${other} needs it`);
  }
  problems.push(...dkimProblems(config));
  const { OIDC_ISSUER, PUBLIC_URL } = config;
  if (OIDC_ISSUER !== undefined && OIDC_ISSUER.replace(/\/$/, "") === PUBLIC_URL?.replace(/\/$/, "")) {
    problems.push(
      "OIDC_ISSUER is PUBLIC_URL: people sign in elsewhere, this service issues no token to them",
    );
  }
  return problems;
}

/** All of it or nothing: half of it would send mails unsigned, and nobody would know. */
function dkimProblems(config: Config): string[] {
  const { DKIM_PRIVATE_KEY, DKIM_PRIVATE_KEY_FILE } = config;
  if (DKIM_PRIVATE_KEY !== undefined && DKIM_PRIVATE_KEY_FILE !== undefined)
    return ["DKIM_PRIVATE_KEY_FILE is set beside DKIM_PRIVATE_KEY: there is one key"];
  const parts = {
    DKIM_DOMAIN: config.DKIM_DOMAIN,
    DKIM_SELECTOR: config.DKIM_SELECTOR,
    DKIM_PRIVATE_KEY: DKIM_PRIVATE_KEY ?? DKIM_PRIVATE_KEY_FILE,
  };
  const missing = Object.entries(parts).filter(([, value]) => value === undefined);
  if (missing.length === 0 || missing.length === Object.keys(parts).length) return [];
  return missing.map(([name]) => `${name} is missing: mails are signed with all of DKIM_* or not at all`);
}
