/** The longest part of a link's token without its signature is shorter; whoever quotes more quotes a secret. */
const LINK = /\/[iu]\/[\w-]{40,}/gi;

/**
 * What a mail server or a provider said, as it may be kept. It may say anything: Postgres takes neither a NUL nor half a
 * surrogate pair, which cutting can leave; and a filter that refuses a mail for a link in it may quote the link.
 */
export function storableReply(reply: string): string {
  return reply
    .slice(0, 500)
    .replace(/\p{Cc}+|\p{Cs}/gu, " ")
    .replace(LINK, "/…");
}

/** The same as it may stand in a log. Servers repeat the recipient's address, which is nobody's to read there. */
export function loggableReply(reply: string): string {
  return storableReply(reply).replace(/[^\s<>,;:"'()]+@[^\s<>,;:"'()]+/g, "<address>");
}
