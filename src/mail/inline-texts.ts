import Handlebars from "handlebars";
import type { Locale } from "./locales.ts";

const TEXT = /\[\[([a-z_]+)\]\]/g;
const VALUE = /(\{\{[a-z_]+\}\})/;

/**
 * Replaces `[[key]]` in a template with the text of a language, before the template is compiled. A text may contain
 * `{{values}}`, which are escaped later, when they are filled in. In HTML, `<bdi>` isolates a value, so that a
 * right-to-left name can't reorder the sentence around it.
 */
export function inlineTexts(
  source: string,
  locale: Locale,
  texts: Record<string, string>,
  part: "html" | "text",
): string {
  const words: Record<string, string> = {
    ...texts,
    language: locale.language,
    direction: locale.direction,
    start: locale.direction === "ltr" ? "left" : "right",
  };
  return source.replace(TEXT, (_, key: string) => {
    const text = words[key];
    if (text === undefined) throw new Error(`The locale ${locale.language} lacks the text ${key}`);
    return part === "html" ? toHtml(text) : text;
  });
}

function toHtml(text: string): string {
  const pieces = text.split(VALUE);
  return pieces
    .map((piece, index) => (index % 2 === 1 ? `<bdi>${piece}</bdi>` : Handlebars.escapeExpression(piece)))
    .join("");
}
