import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { packageRoot } from "../lib/package-root.ts";
import type { MailValues } from "./define-mail.ts";
import { inlineTexts } from "./inline-texts.ts";
import type { Locale } from "./locales.ts";

export type CompiledMail = {
  subject: Handlebars.TemplateDelegate<MailValues>;
  html: Handlebars.TemplateDelegate<MailValues>;
  text: Handlebars.TemplateDelegate<MailValues>;
};

const folder = join(packageRoot(), "templates");

/** A missing value throws, and so does the name of a helper nobody defined. */
const STRICT = { strict: true, knownHelpersOnly: true };

/** One kind of mail in one language, ready to be filled. Values go in afterwards: MJML never sees them. */
export async function compileMail(kind: string, locale: Locale): Promise<CompiledMail> {
  const texts = { ...locale.mails.common, ...locale.mails[kind] };
  const text = inlineTexts(readText(kind), locale, texts, "text");
  return {
    subject: Handlebars.compile(inlineTexts("[[subject]]", locale, texts, "text"), {
      ...STRICT,
      noEscape: true,
    }),
    html: Handlebars.compile(await compileMjml(kind, locale, texts), STRICT),
    text: Handlebars.compile(text, { ...STRICT, noEscape: true }),
  };
}

/** What `mj-include` is to the other part: a line `{{> name}}` stands for the file `_name.txt`. */
function readText(name: string): string {
  const source = readFileSync(join(folder, `${name}.txt`), "utf8");
  return source.replace(/^\{\{> ([a-z-]+)\}\}\n/gm, (_, part: string) => readText(`_${part}`));
}

/** Includes are off by default and would be dropped silently; `fonts` empty keeps remote fonts out. */
async function compileMjml(kind: string, locale: Locale, texts: Record<string, string>): Promise<string> {
  const file = join(folder, `${kind}.mjml`);
  // Loaded when first needed: nothing here is heavier, and a process that only serves writes no mails.
  const { default: mjml2html } = await import("mjml");
  const { html } = await mjml2html(readFileSync(file, "utf8"), {
    filePath: file,
    ignoreIncludes: false,
    validationLevel: "strict",
    keepComments: false,
    fonts: {},
    preprocessors: [(source) => inlineTexts(source, locale, texts, "html")],
  });
  return html;
}
