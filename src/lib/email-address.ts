import { domainToASCII } from "node:url";

export interface EmailAddress {
  /** What mail is sent to: the local part as given, the domain as A-labels. */
  email: string;
  /** What addresses are compared by: lower case throughout. Dots and `+tag` are kept: they may be other people. */
  canonical: string;
}

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** Allowed in a local part, and an encoded word: some mail programs and servers decode it to another address. */
const ENCODED_WORD = /=\?.*\?.*\?/;
const UNICODE_DOMAIN = /^[\p{L}\p{N}\p{M}.-]+$/u;
/** Far beyond any address however it is spelled. */
const LONGEST_GIVEN = 1_000;
/** Characters of a label, which has 63 octets at most: the time Punycode takes grows with the square of its length. */
const LONGEST_LABEL = 126;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The one place an address is read. Stricter than RFC 5321 on purpose: one plain addr-spec with an ASCII local part;
 * no quotes, comments, groups, encoded words, white space, control characters or lists, which libraries read differently.
 * @returns undefined when the text is no such address.
 */
export function parseEmailAddress(text: string): EmailAddress | undefined {
  if (text.length > LONGEST_GIVEN) return undefined;
  const at = text.indexOf("@");
  // As given: Unicode normalizes a few signs to ASCII, and a Kelvin sign is no K.
  const local = text.slice(0, at);
  const domain = asciiDomain(text.slice(at + 1).normalize("NFC"));
  if (at < 1 || local.length > 64 || domain === undefined) return undefined;
  if (!LOCAL_PART.test(local) || ENCODED_WORD.test(local)) return undefined;
  const email = `${local}@${domain}`;
  return email.length > 254 ? undefined : { email, canonical: email.toLowerCase() };
}

/** `jane.doe@example.com` → `j•••••••@example.com`: enough for its owner to recognise, too little for others to learn. */
export function maskEmailAddress(email: string): string {
  const at = email.indexOf("@");
  return `${email.slice(0, 1)}${"•".repeat(Math.max(1, at - 1))}${email.slice(at)}`;
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
