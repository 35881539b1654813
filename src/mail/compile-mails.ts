import { compileMail } from "./compile-mail.ts";
import { fillMail } from "./fill-mail.ts";
import { locales } from "./locales.ts";
import { mails } from "./mails.ts";
import { type MailSources, nameOfMail, parseMail } from "./parse-mail.ts";

/** Every mail in every language, each filled once with its sample: better a failure at the start than at night. */
export async function compileMails(): Promise<MailSources> {
  const sources: MailSources = {};
  for (const locale of locales.values()) {
    for (const { kind, sample } of Object.values(mails)) {
      const source = await compileMail(kind, locale);
      fillMail(parseMail(source), kind, sample, locale);
      sources[nameOfMail(kind, locale)] = source;
    }
  }
  return sources;
}
