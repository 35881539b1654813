import { cleanText } from "./clean-text.ts";
import { defuseLinks } from "./defuse-links.ts";

const MAX_LENGTH = 500;
const MAX_LINES = 25;
const LINE_BREAK = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/u;
const SCHEME = /(?:\p{L}[\p{L}\p{N}+.-]{0,30})?:[/\\]{2}/gu;
const AT_SIGN = /(?<=\S)[@＠﹫](?=\S)/gu;

/**
 * The inviter's personal words as lines to be shown quoted. Nothing in them is a link or becomes one in a mail
 * client: schemes go, domains are defused, addresses are pulled apart. No visible word gives no lines.
 */
export function quoteMessage(message: string | null): string[] {
  const lines = [...(message ?? "")]
    .slice(0, MAX_LENGTH)
    .join("")
    .split(LINE_BREAK, MAX_LINES)
    .map(cleanLine);
  return trimBlankLines(lines.filter((line, index) => line !== "" || lines[index - 1] !== ""));
}

function cleanLine(line: string): string {
  const visible = cleanText(line.replace(/\s+/gu, " "));
  const withoutSchemes = visible.replace(SCHEME, " ").replace(AT_SIGN, " @ ");
  return defuseLinks(withoutSchemes).replace(/\s+/gu, " ").trim();
}

function trimBlankLines(lines: string[]): string[] {
  const first = lines.findIndex((line) => line !== "");
  const last = lines.findLastIndex((line) => line !== "");
  return first === -1 ? [] : lines.slice(first, last + 1);
}
