import { cleanText } from "./clean-text.ts";
import { defuseLinks } from "./defuse-links.ts";

const MAX_LENGTH = 80;
const ADDRESS_SIGNS = /[@＠﹫<>＜＞]/gu;
const URL_WITH_SCHEME = /(?:\p{L}[\p{L}\p{N}+.-]{0,30})?:[/\\]{2}\S*/giu;
const URL_WITHOUT_SCHEME = /(?<![\p{L}\p{N}])(?:www\d{0,3}[.．․。｡]\S+|(?:mailto|tel|sms):\S+)/giu;
/** Nine digits and more: "call this number" is what a stranger's name would be for. Not what ends a word, `RFC-2119`. */
const TELEPHONE = /[+＋(]{0,3}(?<!\p{N}|\p{L}-)\p{N}(?:[^\p{L}\p{N}]{0,3}\p{N}){8,}/gu;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** What a person typed as a name, made safe for headers, subjects and headings. Never empty, at most 80 characters. */
export function cleanDisplayName(name: string, fallback: string): string {
  const visible = cleanText(name.replace(/\s+/gu, " ")).replace(ADDRESS_SIGNS, " ");
  const withoutUrls = visible.replace(URL_WITH_SCHEME, " ").replace(URL_WITHOUT_SCHEME, " ");
  const withoutNumbers = withoutUrls.replace(TELEPHONE, " ");
  const clean = shorten(defuseLinks(withoutNumbers).replace(/\s+/gu, " ").trim());
  return VISIBLE.test(clean) ? clean : fallback;
}

function shorten(name: string): string {
  if (name.length <= MAX_LENGTH) return name;
  let short = "";
  for (const { segment } of graphemes.segment(name)) {
    if (short.length + segment.length >= MAX_LENGTH) break;
    short += segment;
  }
  return `${short.trimEnd()}…`;
}
