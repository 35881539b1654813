import Handlebars from "handlebars";
import type { Locale } from "./locales.ts";

const TEXT = /\[\[([a-z_]+)\]\]/g;
const VALUE = /(\{\{[a-z_]+\}\})/;

/**
 * Puts the sentences of a language where a template says `[[key]]`, before the template is compiled: a sentence may
 * hold `{{values}}`, and each is later escaped for the part it stands in. In HTML a value is isolated by `<bdi>`, so
 * a right-to-left name cannot reorder the sentence around it.
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
