import { z } from "zod";
import { parseEmailAddress } from "../lib/email-address.ts";
import { cleanText } from "../mail/clean-text.ts";

/** Who it is at the source: without it nobody is meant. Some count their users. */
export const subject = z.union([z.string(), z.int().transform(String)]).pipe(
  z
    .string()
    .regex(/^\P{Cc}{1,255}$/u)
    .refine((text) => !/\p{Cs}/u.test(text)),
);

// The rest is welcome and not needed: what doesn't fit our columns is as good as not said.

const LONGEST_NAME = 100;

/** One line, without what can't be seen. */
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

/** Some services know no better than to say it as text or as a number. */
export const statement = z
  .unknown()
  .optional()
  .transform((said) => said === true || said === "true" || said === 1);

/** The same where silence is something else than a no. @returns undefined when nothing is said. */
export const statementOrSilence = z
  .unknown()
  .optional()
  .transform((said) => (said === undefined || said === null ? undefined : statement.parse(said)));
