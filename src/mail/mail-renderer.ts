import Handlebars from "handlebars";
import type { MailKind } from "../models/mail-delivery.ts";
import { findLocale, type Locale } from "./locales.ts";
import { type MailValues, type MailVariables, mails } from "./mails.ts";

export type RenderedMail = { subject: string; html: string; text: string };

/** An email in one language as Handlebars templates, with only `{{values}}` left to fill in. */
export type MailSource = RenderedMail;

/** Every email in every language, by `nameOfMail`. */
export type MailSources = Record<string, MailSource>;

type ParsedMail = { [Part in keyof MailSource]: Handlebars.TemplateDelegate<MailValues> };

export type MailRenderer = ReturnType<typeof createMailRenderer>;

export function nameOfMail(kind: MailKind, { language }: Locale): string {
  return `${kind}.${language}`;
}

/** Creates a renderer that fills the emails of `compileMails`. Parses each when it is first needed. */
export function createMailRenderer(sources: MailSources) {
  const parsed = new Map<string, ParsedMail>();

  function find(name: string): ParsedMail {
    const known = parsed.get(name);
    if (known) return known;
    const source = sources[name];
    if (!source) throw new Error(`The email ${name} is not compiled`);
    const mail = parseMail(source);
    parsed.set(name, mail);
    return mail;
  }

  return {
    render<Kind extends MailKind>(kind: Kind, variables: MailVariables[Kind], tag: string): RenderedMail {
      const locale = findLocale(tag);
      return fillMail(find(nameOfMail(kind, locale)), kind, variables, locale);
    },
  };
}

/** A missing value throws, and so does an unknown helper. */
const STRICT = { strict: true, knownHelpersOnly: true };

/** Parses an email. Handlebars compiles each part when it is first filled, and reports mistakes only then. */
export function parseMail({ subject, html, text }: MailSource): ParsedMail {
  return {
    subject: Handlebars.compile(subject, { ...STRICT, noEscape: true }),
    html: Handlebars.compile(html, STRICT),
    text: Handlebars.compile(text, { ...STRICT, noEscape: true }),
  };
}

/** Fills an email. @throws if a variable is missing or invalid, or the template uses an unknown value. */
export function fillMail(mail: ParsedMail, kind: MailKind, variables: unknown, locale: Locale): RenderedMail {
  const values = mails[kind].values(variables, locale);
  const subject = mail.subject(values);
  return { subject, html: mail.html({ ...values, subject }), text: wrapText(mail.text(values)) };
}

/** Characters. RFC 3676 §4.2 allows 78, and a reply that quotes the email needs two of them. */
const WIDTH = 76;

/**
 * Breaks long lines of a plain text between words. Links stay in one piece, quoted lines continue as quoted lines,
 * and lines without spaces stay as they are.
 */
export function wrapText(text: string): string {
  return text.split("\n").map(wrapLine).join("\n");
}

function wrapLine(line: string): string {
  if ([...line].length <= WIDTH) return line;
  const quote = line.startsWith("> ") ? "> " : "";
  const lines: string[] = [];
  let current = "";
  for (const word of line.slice(quote.length).split(" ")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (current !== "" && [...(quote + longer)].length > WIDTH) {
      lines.push(current);
      current = word;
    } else {
      current = longer;
    }
  }
  return [...lines, current].map((piece) => quote + piece).join("\n");
}
