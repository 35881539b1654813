import { type CompiledMail, compileMail } from "./compile-mail.ts";
import { fillMail, type RenderedMail } from "./fill-mail.ts";
import { findLocale, type Locale, locales } from "./locales.ts";
import { type MailKind, type MailVariables, mails } from "./mails.ts";

export type MailRenderer = {
  render<Kind extends MailKind>(kind: Kind, variables: MailVariables[Kind], locale: string): RenderedMail;
};

type CompiledMails = Map<string, CompiledMail>;

/** Compiles every mail in every language once, at boot; filling one afterwards takes microseconds. */
export async function createMailRenderer(): Promise<MailRenderer> {
  const compiled: CompiledMails = new Map();
  for (const locale of locales.values()) {
    for (const { kind, sample } of Object.values(mails)) {
      compiled.set(nameOf(kind, locale), await compileMail(kind, locale));
      // Handlebars compiles at the first call and notices a missing value only then: better at boot than at night.
      fill(compiled, kind, sample, locale);
    }
  }
  return { render: (kind, variables, tag) => fill(compiled, kind, variables, findLocale(tag)) };
}

function fill(compiled: CompiledMails, kind: MailKind, variables: unknown, locale: Locale): RenderedMail {
  const mail = compiled.get(nameOf(kind, locale));
  if (!mail) throw new Error(`The mail ${nameOf(kind, locale)} is not compiled`);
  return fillMail(mail, kind, variables, locale);
}

function nameOf(kind: MailKind, locale: Locale): string {
  return `${kind}.${locale.language}`;
}
