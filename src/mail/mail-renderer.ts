import { fillMail, type RenderedMail } from "./fill-mail.ts";
import { findLocale } from "./locales.ts";
import type { MailKind, MailVariables } from "./mails.ts";
import { type MailSources, nameOfMail, type ParsedMail, parseMail } from "./parse-mail.ts";

export type MailRenderer = {
  render<Kind extends MailKind>(kind: Kind, variables: MailVariables[Kind], locale: string): RenderedMail;
};

/** Fills mails that `compileMails` made. A language nobody is written to in costs nothing. */
export function createMailRenderer(sources: MailSources): MailRenderer {
  const parsed = new Map<string, ParsedMail>();

  function find(name: string): ParsedMail {
    const known = parsed.get(name);
    if (known) return known;
    const source = sources[name];
    if (!source) throw new Error(`The mail ${name} is not compiled`);
    const mail = parseMail(source);
    parsed.set(name, mail);
    return mail;
  }

  return {
    render(kind, variables, tag) {
      const locale = findLocale(tag);
      return fillMail(find(nameOfMail(kind, locale)), kind, variables, locale);
    },
  };
}
