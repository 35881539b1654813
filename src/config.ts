import { z } from "zod";
import { parseDuration } from "./lib/duration.ts";
import { parseEmailAddress } from "./lib/email-address.ts";

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
  DEFAULT_ENVIRONMENT: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: "must be an environment's handle" })
    .optional(),
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
  return problems;
}
