import { parseEmailAddress } from "./email-address.ts";

const WANTED = "must be one plain email address such as jane@example.com";
/** Nothing longer is an address, and so much of one is looked at. */
const LOOKED_AT = 1_000;
const ALLOWED_IN_LOCAL_PART = /[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]/;
const ALLOWED_IN_DOMAIN = /[\p{L}\p{N}\p{M}.-]/u;

/** What people can't see, or take for another character. Any other is shown as it is. */
const NAMES: Record<string, string> = {
  "\t": "a tab",
  "\n": "a line break",
  "\r": "a line break",
  " ": "a space",
  "\u00a0": "a no-break space",
  "\u00ad": "a soft hyphen",
  "\u200b": "a zero-width space",
  "\u200c": "a zero-width non-joiner",
  "\u200d": "a zero-width joiner",
  "\u200e": "a left-to-right mark",
  "\u200f": "a right-to-left mark",
  "\u2028": "a line break",
  "\u202a": "a mark of text direction",
  "\u202b": "a mark of text direction",
  "\u202c": "a mark of text direction",
  "\u202d": "a mark of text direction",
  "\u202e": "a mark of text direction",
  "\u202f": "a narrow no-break space",
  "\u2060": "a word joiner",
  "\ufeff": "a byte order mark",
};

/** Says what is wrong with a text that `parseEmailAddress` refuses, where, and what to write instead. */
export function emailAddressProblem(text: string): string {
  return `${WANTED}; ${reasonOf(text)}`;
}

function reasonOf(text: string): string {
  if (text.trim() === "") return "it is empty";
  if (text.length > LOOKED_AT) return "an address has at most 254 characters";
  if (/^mailto:/i.test(text)) return 'leave out "mailto:"';
  const at = text.lastIndexOf("@");
  const bare = /<([^<>]*)>\s*$/.exec(text)?.[1]?.trim() ?? "";
  if (text.indexOf("@") === at && parseEmailAddress(bare) !== undefined)
    return `write ${bare} alone, without a name or brackets`;
  if (text.split(/[\s,;<>|]+/).filter((part) => /.@./.test(part)).length > 1)
    return "there are several here: write one only";
  if (text.indexOf("@") !== at) return 'there is more than one "@"';
  const odd = at === -1 && /^[ -~]*$/.test(text) ? undefined : oddCharacter(text, at);
  if (odd !== undefined) return odd;
  if (at === -1) return 'there is no "@"';
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (local === "") return 'nothing stands before the "@"';
  if (domain === "") return 'nothing follows the "@"';
  if (/^\.|\.\.|\.$/.test(local)) return 'before the "@", every dot must stand between two other characters';
  if (local.length > 64) return 'at most 64 characters may stand before the "@"';
  return `email can't be sent to "${domain}": write a full domain such as example.com`;
}

function oddCharacter(text: string, at: number): string | undefined {
  let index = 0;
  for (const sign of text) {
    const allowed = at === -1 || index < at ? ALLOWED_IN_LOCAL_PART : ALLOWED_IN_DOMAIN;
    if (index !== at && !allowed.test(sign)) {
      const code = `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
      const hidden = NAMES[sign] ?? (/[\p{C}\p{Z}\p{M}]/u.test(sign) ? "a character" : undefined);
      const before = Array.from(text.slice(0, index)).slice(-20).join("");
      const place = before === "" ? "at the beginning" : `after "${before}"`;
      if (hidden !== undefined) return `delete ${hidden} (${code}) ${place}`;
      return `"${sign}" (${code}) can't stand ${place}`;
    }
    index += sign.length;
  }
  return undefined;
}
