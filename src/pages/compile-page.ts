import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { packageRoot } from "../lib/package-root.ts";
import { inlineTexts } from "../mail/inline-texts.ts";
import type { Locale } from "../mail/locales.ts";

type PageValues = Record<string, unknown>;

const folder = join(packageRoot(), "templates", "pages");

const STRICT = { strict: true, knownHelpersOnly: true };

/**
 * Compiles one page in one language. Fills the text `title` separately, because a title can't contain markup.
 * @param parts names of further templates that the page includes.
 * @returns a function that fills the page.
 */
export function compilePage(
  template: string,
  layout: string,
  locale: Locale,
  texts: Record<string, string>,
  parts: string[] = [],
): (values: PageValues) => string {
  const read = (file: string) => inlineTexts(readFileSync(join(folder, file), "utf8"), locale, texts, "html");
  const handlebars = Handlebars.create();
  handlebars.registerPartial("layout", read(`${layout}.hbs`));
  for (const part of parts) handlebars.registerPartial(part, read(`${part}.hbs`));
  const page = handlebars.compile<PageValues>(read(`${template}.hbs`), STRICT);
  const title = handlebars.compile<PageValues>(texts.title ?? "{{title}}", { ...STRICT, noEscape: true });
  return (values) => page({ ...values, title: title(values) });
}

export type PageStyle = { css: string; source: string };

/** Reads style sheets to put into a page, with the hash by which the page's policy allows exactly this text. */
export function pageStyle(...files: string[]): PageStyle {
  const css = files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
  return { css, source: `'sha256-${createHash("sha256").update(css).digest("base64")}'` };
}
