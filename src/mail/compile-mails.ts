import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import type { MailKind } from "../models/mail-delivery.ts";
import { inlineTexts } from "./inline-texts.ts";
import { type Locale, locales } from "./locales.ts";
import { fillMail, type MailSource, type MailSources, nameOfMail, parseMail } from "./mail-renderer.ts";
import { mails } from "./mails.ts";

const folder = join(packageRoot(), "templates");

/** Compiles every email in every language and fills each with its sample, so that a mistake shows when a process starts. */
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

/** Compiles one kind of email in one language from MJML to HTML. Values are filled in later: MJML never sees them. */
export async function compileMail(kind: MailKind, locale: Locale): Promise<MailSource> {
  const texts = { ...locale.mails.common, ...locale.mails[kind] };
  return {
    subject: inlineTexts("[[subject]]", locale, texts, "text"),
    html: await compileMjml(kind, locale, texts),
    text: inlineTexts(readText(kind), locale, texts, "text"),
  };
}

/** Reads a plain-text template. A line `{{> name}}` includes the file `_name.txt`, as `mj-include` does in MJML. */
function readText(name: string): string {
  const source = readFileSync(join(folder, `${name}.txt`), "utf8");
  return source.replace(/^\{\{> ([a-z-]+)\}\}\n/gm, (_, part: string) => readText(`_${part}`));
}

/** Includes are off by default and would be dropped silently; an empty `fonts` keeps remote fonts out. */
async function compileMjml(kind: string, locale: Locale, texts: Record<string, string>): Promise<string> {
  const file = join(folder, `${kind}.mjml`);
  // Imported only here: MJML is the heaviest package we load, and a process may never need it.
  const { default: mjml2html } = await import("mjml");
  const { html } = await mjml2html(readFileSync(file, "utf8"), {
    filePath: file,
    ignoreIncludes: false,
    validationLevel: "strict",
    keepComments: false,
    fonts: {},
    preprocessors: [(source) => inlineTexts(source, locale, texts, "html")],
  });
  // A quarter of the HTML is indentation, which would be sent with every email.
  return html.replace(/\n\s+/g, "\n");
}

// `compileMailsApart` runs this file as a program.
if (process.argv[1] === import.meta.filename) {
  // A terminal sends Ctrl-C to this process too, but the parent decides when to stop.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
  process.stdout.write(JSON.stringify(await compileMails()));
}
