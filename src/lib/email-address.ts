import { domainToASCII } from "node:url";

export interface EmailAddress {
  /** The address to send to: the local part as given, the domain as A-labels. */
  email: string;
  /** The address in lower case, for comparison. Keeps dots and `+tag`, which may be different people. */
  canonical: string;
}

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** Valid in a local part, but some mail programs and servers decode it to another address. */
const ENCODED_WORD = /=\?.*\?.*\?/;
const UNICODE_DOMAIN = /^[\p{L}\p{N}\p{M}.-]+$/u;
/** Characters. Longer than every spelling of a valid address. */
const LONGEST_GIVEN = 1_000;
/** Characters of a label before Punycode, which takes time that grows with the square of the length. Encoded, 63 are allowed. */
const LONGEST_LABEL = 126;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Parses an email address. No other code does. It is stricter than RFC 5321 on purpose: one plain addr-spec with an
 * ASCII local part, without quotes, comments, groups, encoded words, white space, control characters or lists,
 * because libraries read those in different ways.
 * @returns undefined for any other text.
 */
export function parseEmailAddress(text: string): EmailAddress | undefined {
  if (text.length > LONGEST_GIVEN) return undefined;
  const at = text.indexOf("@");
  // The local part isn't normalized, because that turns a few characters into ASCII, and a Kelvin sign is not a K.
  const local = text.slice(0, at);
  const domain = asciiDomain(text.slice(at + 1).normalize("NFC"));
  if (at < 1 || local.length > 64 || domain === undefined) return undefined;
  if (!LOCAL_PART.test(local) || ENCODED_WORD.test(local)) return undefined;
  const email = `${local}@${domain}`;
  return email.length > 254 ? undefined : { email, canonical: email.toLowerCase() };
}

/**
 * Masks an address for people who may not be its owner: `grace@example.com` becomes `g•••@example.com`. Always three
 * dots, so that the length stays hidden. The owner recognizes the first character and the domain.
 */
export function maskEmailAddress(email: string): string {
  return `${email.slice(0, 1)}•••${email.slice(email.indexOf("@"))}`;
}

function asciiDomain(text: string): string | undefined {
  if (!UNICODE_DOMAIN.test(text)) return undefined;
  if (text.split(".").some((label) => label.length > LONGEST_LABEL)) return undefined;
  const domain = domainToASCII(text).toLowerCase();
  const labels = domain.split(".");
  const topLevel = labels.at(-1) ?? "";
  const valid = labels.length >= 2 && labels.every((label) => LABEL.test(label)) && /[a-z]/.test(topLevel);
  return valid ? domain : undefined;
}

const WANTED = "must be one plain email address such as jane@example.com";
const ALLOWED_IN_LOCAL_PART = /[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]/;
const ALLOWED_IN_DOMAIN = /[\p{L}\p{N}\p{M}.-]/u;

/** Names of characters that are invisible or look like others. All others are shown as they are. */
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
  if (text.length > LONGEST_GIVEN) return "an address has at most 254 characters";
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
