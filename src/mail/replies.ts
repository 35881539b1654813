import { enhancedCode, judgeRefusal } from "./judge-refusal.ts";

/** A link with most of its token, which is a secret even without the signature. */
const LINK = /\/[iu]\/[\w-]{40,}/gi;

/**
 * Makes a reply of a mail server or provider fit for storage. Postgres accepts neither NUL nor half a surrogate pair,
 * which cutting can leave. A filter that refuses an email because of a link may quote the link.
 */
export function storableReply(reply: string): string {
  return reply
    .slice(0, 500)
    .replace(/\p{Cc}+|\p{Cs}/gu, " ")
    .replace(LINK, "/…");
}

/** Makes a reply fit for the log. Servers repeat the recipient's address, which doesn't belong there. */
export function loggableReply(reply: string): string {
  return storableReply(reply).replace(/[^\s<>,;:"'()]+@[^\s<>,;:"'()]+/g, "<address>");
}

export const FAILURE_CAUSES = [
  "mailbox_missing",
  "mailbox_full",
  "refused",
  "suppressed",
  "not_reached",
] as const;

/** Why an email can't be delivered, in terms that its sender understands and programs can distinguish. */
export type FailureCause = (typeof FAILURE_CAUSES)[number];

interface Failed {
  code: number | null;
  reply: string;
  /** The address itself was refused permanently. */
  suppress?: boolean;
}

const FULL =
  /\b(mailbox|inbox|account|user|quota)\b.{0,30}\b(full|exceeded)\b|over ?quota|quota exceeded|insufficient (system )?storage/i;

/** Finds the cause in the last reply, by the same rule that decides whether an address is suppressed. */
export function failureCause({ code, reply, suppress = false }: Failed): FailureCause {
  const enhanced = enhancedCode(reply);
  // 5.1.2: the recipient's domain does not exist.
  if (suppress || enhanced === "1.2" || judgeRefusal(reply) === "recipient") return "mailbox_missing";
  if (enhanced === "2.2" || FULL.test(reply)) return "mailbox_full";
  return code === null || code < 500 ? "not_reached" : "refused";
}
