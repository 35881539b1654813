import { z } from "zod";
import { parseEmailAddress } from "../../lib/email-address.ts";
import { cleanText } from "../../mail/clean-text.ts";
import type { Identity } from "./identity.ts";

/** The person's id at the service. The only required claim. Some services use numbers. */
export const subject = z.union([z.string(), z.int().transform(String)]).pipe(
  z
    .string()
    .regex(/^\P{Cc}{1,255}$/u)
    .refine((text) => !/\p{Cs}/u.test(text)),
);

// All other claims are optional. A value that doesn't fit our columns is ignored.

const LONGEST_NAME = 100;

/** One line, without invisible characters. */
export const personName = z
  .string()
  .transform((text) => tidy(tidy(text).slice(0, LONGEST_NAME)) || null)
  .nullish()
  .catch(null);

function tidy(text: string): string {
  return cleanText(text.replace(/\s+/gu, " ")).replace(/ +/g, " ").trim();
}

export const picture = z
  .string()
  .max(2_000, { abort: true })
  .check(z.url({ protocol: /^https?$/ }))
  .nullish()
  .catch(null);

export const address = z
  .string()
  .transform((text) => parseEmailAddress(text.trim()) ?? null)
  .nullish()
  .catch(null);

/** A boolean, which some services send as text or a number. Undefined when it is missing. */
export const optionalFlag = z
  .unknown()
  .optional()
  .transform((value) =>
    value === undefined || value === null ? undefined : value === true || value === "true" || value === 1,
  );

const ZONELESS = /^\d{4}-\d\d-\d\d[T ][\d:.]+$/;

/** A time as text, in UTC if it names no zone, or as a number of seconds or milliseconds. */
const time = z.union([z.string(), z.number()]).transform((given, issue) => {
  const isSeconds = typeof given === "number" && given < 1e11;
  const isZoneless = typeof given === "string" && ZONELESS.test(given);
  const date = new Date(isSeconds ? given * 1_000 : isZoneless ? `${given.replace(" ", "T")}Z` : given);
  if (!Number.isNaN(date.getTime())) return date;
  issue.addIssue("must be a time");
  return z.NEVER;
});

const ValidatedUser = z.object({
  id: subject,
  email: address,
  name: personName,
  last_name: personName,
  lastName: personName,
  picture,
  is_verified: optionalFlag,
  isVerified: optionalFlag,
  userType: z.string().nullish(),
});

const Validation = z.object({
  valid: z.boolean().nullish(),
  user: z.unknown().optional(),
  session: z.object({ expires_at: time.nullish(), expiresAt: time.nullish() }).nullish(),
});

/** The auth service's response. One version puts everything under `data`, the other at the top. */
const Envelope = z.looseObject({ success: z.boolean(), data: z.looseObject({}).nullish() });

const DAY = 86_400_000;
/** Milliseconds. Longer than any session, and still within Postgres' range. */
const LONGEST_SESSION = 365 * DAY;
/** Milliseconds, if the service gives no end. We ask it again every few minutes anyway. */
const USUAL_SESSION = 30 * DAY;

/**
 * Reads the auth service's response about a session.
 * @param now milliseconds.
 * @returns undefined if there is no such session, it has ended, or it is a guest's. Guests have no user here.
 * @throws ZodError if the response is neither a yes nor a no.
 */
export function readValidation(response: unknown, issuer: string, now = Date.now()): Identity | undefined {
  const { success, data, ...top } = Envelope.parse(response);
  if (!success) return undefined;
  const { valid, ...said } = Validation.parse(data ?? top);
  if (valid === false) return undefined;
  const user = ValidatedUser.parse(said.user);
  const end = said.session?.expires_at ?? said.session?.expiresAt ?? new Date(now + USUAL_SESSION);
  if (user.userType === "guest" || end.getTime() <= now) return undefined;
  return {
    issuer,
    subject: user.id,
    address: user.email ?? null,
    email_verified: Boolean(user.is_verified || user.isVerified),
    first_name: user.name ?? null,
    last_name: user.last_name ?? user.lastName ?? null,
    picture: user.picture ?? null,
    expires_at: new Date(Math.min(end.getTime(), now + LONGEST_SESSION)),
  };
}
