import { cleanText, defuseLinks } from "./clean-text.ts";
import type { Locale } from "./locales.ts";

const MAX_NAME_LENGTH = 80;
const ADDRESS_SIGNS = /[@＠﹫<>＜＞]/gu;
const URL_WITH_SCHEME = /(?:\p{L}[\p{L}\p{N}+.-]{0,30})?:[/\\]{2}\S*/giu;
const URL_WITHOUT_SCHEME = /(?<![\p{L}\p{N}])(?:www\d{0,3}[.．․。｡]\S+|(?:mailto|tel|sms):\S+)/giu;
/** Nine digits or more, since a spammer's name may say "call this number". Not the end of a word such as `RFC-2119`. */
const TELEPHONE = /[+＋(]{0,3}(?<!\p{N}|\p{L}-)\p{N}(?:[^\p{L}\p{N}]{0,3}\p{N}){8,}/gu;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Makes a name safe for headers, subjects and headings. The result is never empty and has at most 80 characters. */
export function cleanDisplayName(name: string, fallback: string): string {
  const visible = cleanText(name.replace(/\s+/gu, " ")).replace(ADDRESS_SIGNS, " ");
  const withoutUrls = visible.replace(URL_WITH_SCHEME, " ").replace(URL_WITHOUT_SCHEME, " ");
  const withoutNumbers = withoutUrls.replace(TELEPHONE, " ");
  const clean = shorten(defuseLinks(withoutNumbers).replace(/\s+/gu, " ").trim());
  return VISIBLE.test(clean) ? clean : fallback;
}

function shorten(name: string): string {
  if (name.length <= MAX_NAME_LENGTH) return name;
  let short = "";
  for (const { segment } of graphemes.segment(name)) {
    if (short.length + segment.length >= MAX_NAME_LENGTH) break;
    short += segment;
  }
  return `${short.trimEnd()}…`;
}

/** Returns the first character of an organization's name, which emails show in place of a logo. */
export function firstCharacter(name: string): string {
  const [first] = graphemes.segment(name);
  return (first?.segment ?? "").toUpperCase();
}

/** Lists roles, such as "Admin and Billing". System roles are in the reader's language, others as the organization named them. */
export function presentRoles(roles: string[], locale: Locale): string {
  return locale.formatList(roles.map((role) => systemRole(locale, role) ?? cleanDisplayName(role, "–")));
}

/** Reads only own properties, because a role may be called `constructor`. */
function systemRole({ roles }: Locale, role: string): string | undefined {
  return Object.hasOwn(roles, role) ? roles[role] : undefined;
}

const MAX_MESSAGE_LENGTH = 500;
const MAX_LINES = 25;
const LINE_BREAK = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/u;
const SCHEME = /(?:\p{L}[\p{L}\p{N}+.-]{0,30})?:[/\\]{2}/gu;
const AT_SIGN = /(?<=\S)[@＠﹫](?=\S)/gu;

/**
 * Splits the inviter's personal message into lines to quote. Nothing in them is a link, or becomes one in a mail
 * program: schemes are removed, domains are defused, and addresses are split.
 * @returns no lines if nothing in it is visible.
 */
export function quoteMessage(message: string | null): string[] {
  const lines = [...(message ?? "")]
    .slice(0, MAX_MESSAGE_LENGTH)
    .join("")
    .split(LINE_BREAK, MAX_LINES)
    .map(cleanLine)
    .filter((line, index, all) => line !== "" || all[index - 1] !== "");
  const first = lines.findIndex((line) => line !== "");
  const last = lines.findLastIndex((line) => line !== "");
  return first === -1 ? [] : lines.slice(first, last + 1);
}

function cleanLine(line: string): string {
  const visible = cleanText(line.replace(/\s+/gu, " "));
  const withoutSchemes = visible.replace(SCHEME, " ").replace(AT_SIGN, " @ ");
  return defuseLinks(withoutSchemes).replace(/\s+/gu, " ").trim();
}
