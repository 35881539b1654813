import Handlebars from "handlebars";
import type { MailValues } from "./define-mail.ts";
import type { Locale } from "./locales.ts";
import type { MailKind } from "./mails.ts";

/** A mail in one language as Handlebars reads it: all that is left to put in are `{{values}}`. */
export type MailSource = { subject: string; html: string; text: string };

/** Every mail in every language, by `nameOfMail`. */
export type MailSources = Record<string, MailSource>;

export type ParsedMail = { [Part in keyof MailSource]: Handlebars.TemplateDelegate<MailValues> };

/** A missing value throws, and so does the name of a helper nobody defined. */
const STRICT = { strict: true, knownHelpersOnly: true };

/** Handlebars does the work when a part is first filled, and that is when it notices a mistake. */
export function parseMail({ subject, html, text }: MailSource): ParsedMail {
  return {
    subject: Handlebars.compile(subject, { ...STRICT, noEscape: true }),
    html: Handlebars.compile(html, STRICT),
    text: Handlebars.compile(text, { ...STRICT, noEscape: true }),
  };
}

export function nameOfMail(kind: MailKind, { language }: Locale): string {
  return `${kind}.${language}`;
}
