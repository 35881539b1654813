import { z } from "zod";
import { address, personName, picture, statement, subject } from "./claims.ts";
import type { Identity } from "./identity.ts";

/** A time as text or as a number; without a zone it is UTC's. */
const time = z.union([z.string(), z.number()]).transform((given, issue) => {
  const date = new Date(typeof given === "number" ? toMilliseconds(given) : withZone(given));
  if (!Number.isNaN(date.getTime())) return date;
  issue.addIssue("must be a time");
  return z.NEVER;
});

const User = z.object({
  id: subject,
  email: address,
  name: personName,
  last_name: personName,
  lastName: personName,
  picture,
  is_verified: statement,
  isVerified: statement,
  userType: z.string().nullish(),
});

const Said = z.object({
  valid: z.boolean().nullish(),
  user: z.unknown().optional(),
  session: z.object({ expires_at: time.nullish(), expiresAt: time.nullish() }).nullish(),
});

/** Of the two shapes one has it all under `data`, the other at the top. */
const Answer = z.looseObject({ success: z.boolean(), data: z.looseObject({}).nullish() });

/** Far beyond any session, and not yet beyond what Postgres can hold. */
const LONGEST = 365 * 86_400_000;
/** Where the service names no end it is asked every few minutes all the same. */
const USUAL = 30 * 86_400_000;

/**
 * What the auth service says of a session.
 * @param now milliseconds.
 * @returns undefined when it is none, has ended, or is a guest's: guests are nobody here.
 * @throws ZodError when it says neither yes nor no.
 */
export function readValidation(answer: unknown, issuer: string, now = Date.now()): Identity | undefined {
  const { success, data, ...top } = Answer.parse(answer);
  if (!success) return undefined;
  const { valid, ...said } = Said.parse(data ?? top);
  if (valid === false) return undefined;
  const user = User.parse(said.user);
  const ends = said.session?.expires_at ?? said.session?.expiresAt ?? new Date(now + USUAL);
  if (user.userType === "guest" || ends.getTime() <= now) return undefined;
  return {
    issuer,
    subject: user.id,
    address: user.email ?? null,
    email_verified: user.is_verified || user.isVerified,
    first_name: user.name ?? null,
    last_name: user.last_name ?? user.lastName ?? null,
    picture: user.picture ?? null,
    expires_at: new Date(Math.min(ends.getTime(), now + LONGEST)),
  };
}

function toMilliseconds(time: number): number {
  return time < 1e11 ? time * 1_000 : time;
}

function withZone(text: string): string {
  return /^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(text) ? `${text.replace(" ", "T")}Z` : text;
}
