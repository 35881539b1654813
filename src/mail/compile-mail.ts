import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import { inlineTexts } from "./inline-texts.ts";
import type { Locale } from "./locales.ts";
import type { MailSource } from "./parse-mail.ts";

const folder = join(packageRoot(), "templates");

/**
 * One kind of mail in one language, its MJML become HTML. Values go in afterwards: MJML never sees them.
 */
export async function compileMail(kind: string, locale: Locale): Promise<MailSource> {
  const texts = { ...locale.mails.common, ...locale.mails[kind] };
  return {
    subject: inlineTexts("[[subject]]", locale, texts, "text"),
    html: await compileMjml(kind, locale, texts),
    text: inlineTexts(readText(kind), locale, texts, "text"),
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
  // Nothing we load is heavier, and the workbench may never show a mail.
  const { default: mjml2html } = await import("mjml");
  const { html } = await mjml2html(readFileSync(file, "utf8"), {
    filePath: file,
    ignoreIncludes: false,
    validationLevel: "strict",
    keepComments: false,
    fonts: {},
    preprocessors: [(source) => inlineTexts(source, locale, texts, "html")],
  });
  // A quarter of it is indentation, which would be encoded and sent with every mail.
  return html.replace(/\n\s+/g, "\n");
}
