import type { z } from "zod";
import type { Locale } from "./locales.ts";

/** What a template is filled with. The renderer adds `subject`. */
export type MailValues = Record<string, string | string[] | Array<Record<string, string>> | null>;

/**
 * One kind of mail. It owns `templates/<kind>.mjml`, its twin `templates/<kind>.txt` and, in every locale, the texts
 * `mails.<kind>`, of which `subject` and `preview` are compulsory.
 */
type MailDefinition<Kind extends string, Schema extends z.ZodObject> = {
  kind: Kind;
  /** What the caller must hand over; one missing or of the wrong type throws. */
  variables: Schema;
  /** A realistic set: rendered once at boot, so a broken template refuses to start, and by the tests. */
  sample: z.infer<Schema>;
  /** From variables to what the reader sees: names cleaned, moments and lists in their language. */
  present(variables: z.infer<Schema>, locale: Locale): MailValues;
};

export type Mail<Kind extends string, Schema extends z.ZodObject> = Omit<
  MailDefinition<Kind, Schema>,
  "present"
> & { values(variables: unknown, locale: Locale): MailValues };

export function defineMail<const Kind extends string, Schema extends z.ZodObject>(
  definition: MailDefinition<Kind, Schema>,
): Mail<Kind, Schema> {
  const { kind, variables, sample, present } = definition;
  return { kind, variables, sample, values: (given, locale) => present(variables.parse(given), locale) };
}
