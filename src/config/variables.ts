import { z } from "zod";
import {
  bearerSecret,
  dkimSelector,
  domainName,
  duration,
  environmentHandle,
  mailFrom,
  origins,
  rsaKey,
  secretKey,
  serviceUrl,
  url,
  webhookSecret,
  wholeNumber,
} from "./values.ts";

export type Role = "all" | "api" | "worker" | "migrate";

export const Variables = z.object({
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
  SMTP_CONNECTIONS: wholeNumber(1, 100).optional(),
  SMTP_RATE: wholeNumber(1, 1_000_000).optional(),
  MAIL_FROM: mailFrom.optional(),
  DKIM_DOMAIN: domainName.optional(),
  DKIM_SELECTOR: dkimSelector.optional(),
  DKIM_PRIVATE_KEY: rsaKey.optional(),
  DKIM_PRIVATE_KEY_FILE: z.string().optional(),
  MAIL_EVENTS_SECRET: webhookSecret.optional(),
  DATA_DIR: z.string().default("./.guildhall"),
  SECRET_KEY: secretKey.optional(),
  SECRET_KEYS_PREVIOUS: z
    .string()
    .default("")
    .transform((text) => text.split(",").filter((key) => key !== ""))
    .pipe(z.array(secretKey)),
  ADMIN_TOKEN: bearerSecret.optional(),
  METRICS_TOKEN: bearerSecret.optional(),
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
  OIDC_TRUST_EMAIL: z
    .enum(["true", "false"], { error: "must be true or false" })
    .transform((text) => text === "true")
    .optional(),
  DEFAULT_ENVIRONMENT: environmentHandle.optional(),
  BRIDGE_ORIGINS: origins.optional(),
  PROXIES: wholeNumber(0, 10).default(0),
  EXPIRE_EVERY: duration("60s"),
  SWEEP_EVERY: duration("15s"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

export type Config = z.infer<typeof Variables> & { HOST: string; role: Role; production: boolean };

type Provided = "PUBLIC_URL" | "DATABASE_URL" | "SMTP_URL" | "MAIL_FROM" | "SECRET_KEY" | "ADMIN_TOKEN";

/** The settings of a running process: all variables, with the missing ones provided in development. */
export type Settings = Omit<Config, Provided> & { [Name in Provided]: NonNullable<Config[Name]> };
