import { z } from "zod";
import { emailAddressProblem, parseEmailAddress } from "../lib/email-address.ts";
import { trimUnseen } from "../lib/parse-csv.ts";

/** Adds documentation to an attribute: its meaning, and an example. */
export function described<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  ...examples: unknown[]
): Schema {
  return schema.meta({ description, ...(examples.length > 0 && { examples }) });
}

/** Adds only an example to an attribute whose name says what it means. */
export function withExample<Schema extends z.ZodType>(schema: Schema, example: unknown): Schema {
  return schema.meta({ examples: [example] });
}

/** The time, in examples, of something that happened after the creation. */
export const LATER = "2026-11-21T16:05:00.000Z";

/** A time, which is sent as ISO 8601 text in UTC. */
export const time = z.date();
export const created_at = described(time, "When it was created.", "2026-11-20T09:30:00.000Z");
export const updated_at = described(time, "When it last changed.", "2026-11-20T09:30:00.000Z");

const METADATA_BYTES = 8_192;
const METADATA_KEYS = 50;

/** One line of text written by a person: trimmed, 1 to `max` characters, without control characters. */
export function text(max: number) {
  return z
    .string()
    .trim()
    .min(1, { error: "may not be empty" })
    .max(max, { error: `may have at most ${max} characters` })
    .regex(/^\P{Cc}*$/u, { error: "may not contain control characters" });
}

/** A row's id in the team's own systems. */
export const externalId = text(200);

/** At most `most` lines of text written by a person, trimmed, with line breaks as `\n`. Not for headers. */
export function lines(max: number, most: number) {
  return z
    .string()
    .trim()
    .overwrite((given) => given.replaceAll("\r\n", "\n"))
    .min(1, { error: "may not be empty" })
    .max(max, { error: `may have at most ${max} characters` })
    .regex(new RegExp(`^\\P{Cc}*(\\r?\\n\\P{Cc}*){0,${most - 1}}$`, "u"), {
      error: `may have at most ${most} lines, and no other control characters`,
    });
}

/** Metadata: a small JSON object that a team stores with a row. Migration 0012 sets the same bounds. */
export const metadata = z
  .record(z.string(), z.unknown())
  .superRefine((given, issue) => {
    const { bytes, keys } = storedJson(given);
    if (keys > METADATA_KEYS)
      issue.addIssue(`may have at most ${METADATA_KEYS} keys, nested ones included, and has ${keys}`);
    if (bytes > METADATA_BYTES)
      issue.addIssue(`may take at most ${METADATA_BYTES} bytes as JSON, and takes ${bytes}`);
  })
  .meta({ maxProperties: METADATA_KEYS });

/** A language tag such as `en` or `pt-BR` (BCP 47, as far as emails need it). */
export const locale = z
  .string()
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, { error: "use a language tag such as en or pt-BR" });

/** An email address, parsed once and only here. White space around it is ignored, as in a CSV file. */
export const emailAddress = z.string().transform((given, issue) => {
  const address = parseEmailAddress(trimUnseen(given));
  if (address !== undefined) return address;
  issue.addIssue(emailAddressProblem(trimUnseen(given)));
  return z.NEVER;
});

/** ISO 3166-1, two letters. */
export const country = z.string().regex(/^[A-Z]{2}$/, { error: "use an ISO 3166-1 code such as DE" });

/** A URL. Its length is checked first, because parsing a non-ASCII host takes time that grows with the square of the length. */
export const webAddress = z
  .string()
  .max(2_000, { abort: true })
  .check(z.url({ protocol: /^https?$/, error: "must be an http or https address" }));

/** The end of something. The database's clock decides whether it is in the future. */
export const expiry = z.iso
  .datetime({ offset: true, error: "must be a time such as 2027-01-31T12:00:00Z" })
  // JavaScript accepts the year 0, Postgres doesn't.
  .refine((time) => !time.startsWith("0000"), { error: "must be in the future" });

/** Returns columns as responses show them, without the limits that apply to requests. */
export function shown<Columns extends z.ZodRawShape>(
  columns: Columns,
): { [Name in keyof Columns]: z.ZodType } {
  const entries = Object.entries(columns).map(([name, column]) => [name, shownColumn(column as z.ZodType)]);
  return Object.fromEntries(entries);
}

function shownColumn(column: z.ZodType): z.ZodType {
  if (column instanceof z.ZodOptional) return shownColumn(column.unwrap() as z.ZodType);
  const { description, examples } = column.meta() ?? {};
  return withoutLimits(column).meta({
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples }),
  });
}

function withoutLimits(column: z.ZodType): z.ZodType {
  if (column instanceof z.ZodNullable) return withoutLimits(column.unwrap() as z.ZodType).nullable();
  if (column instanceof z.ZodString || column instanceof z.ZodEmail || column instanceof z.ZodPipe)
    return z.string();
  if (column instanceof z.ZodNumber) return z.number().int();
  if (column instanceof z.ZodRecord) return z.record(z.string(), z.unknown());
  return column;
}

/**
 * Measures a JSON value as Postgres stores it in `jsonb`: the bytes of its text, and the keys of its objects at every
 * depth. Postgres puts a space after each comma and colon, and writes numbers in full, so `1e308` takes 309 digits.
 * For such a number the result may be a few bytes too high, never too low.
 */
export function storedJson(value: unknown): { bytes: number; keys: number } {
  if (typeof value === "number") {
    const [digits = "", exponent = "0"] = String(value).split("e");
    return { bytes: digits.length + Math.abs(Number(exponent)) + (exponent === "0" ? 0 : 2), keys: 0 };
  }
  if (typeof value !== "object" || value === null)
    return { bytes: Buffer.byteLength(JSON.stringify(value)), keys: 0 };
  const isList = Array.isArray(value);
  const members = Object.entries(value);
  let bytes = 2 + 2 * Math.max(0, members.length - 1);
  let keys = isList ? 0 : members.length;
  for (const [key, member] of members) {
    const inside = storedJson(member);
    bytes += inside.bytes + (isList ? 0 : Buffer.byteLength(JSON.stringify(key)) + 2);
    keys += inside.keys;
  }
  return { bytes, keys };
}
