import type { Locale } from "./locales.ts";
import { type MailKind, mails } from "./mails.ts";
import type { ParsedMail } from "./parse-mail.ts";
import { wrapText } from "./wrap-text.ts";

export type RenderedMail = { subject: string; html: string; text: string };

/** @throws when a variable is missing or of the wrong type, or the template wants a value nobody gives. */
export function fillMail(mail: ParsedMail, kind: MailKind, variables: unknown, locale: Locale): RenderedMail {
  const values = mails[kind].values(variables, locale);
  const subject = mail.subject(values);
  return { subject, html: mail.html({ ...values, subject }), text: wrapText(mail.text(values)) };
}
