import { judgeRefusal } from "./judge-refusal.ts";

export const FAILURE_CAUSES = [
  "mailbox_missing",
  "mailbox_full",
  "refused",
  "suppressed",
  "not_reached",
] as const;

/** Why an email never arrives, as its sender can understand it and programs can tell apart. */
export type FailureCause = (typeof FAILURE_CAUSES)[number];

/** The enhanced status code of RFC 3463: class, subject and detail, right behind the reply's code. */
const ENHANCED = /^\s*(?:[245]\d\d[ -]+)?#?([245]\.\d{1,3}\.\d{1,3})\b/;

interface Failed {
  code: number | null;
  reply: string;
  /** The address itself was refused for good. */
  suppress?: boolean;
}

const FULL =
  /\b(mailbox|inbox|account|user|quota)\b.{0,30}\b(full|exceeded)\b|over ?quota|quota exceeded|insufficient (system )?storage/i;

/**
 * Reads a failure from what the receiving server said last: by the enhanced code, else by plain words. What says nothing
 * of the mailbox was refused, or was never taken where the server only ever said "later" or nothing at all.
 */
export function failureCause({ code, reply, suppress = false }: Failed): FailureCause {
  if (suppress) return "mailbox_missing";
  const enhanced = ENHANCED.exec(reply)?.[1]?.slice(2);
  if (enhanced === "2.2") return "mailbox_full";
  if (enhanced !== undefined && /^(1\.([1236]|10)|2\.1)$/.test(enhanced)) return "mailbox_missing";
  if (FULL.test(reply)) return "mailbox_full";
  if (code === null || code < 500) return "not_reached";
  return judgeRefusal(reply) === "recipient" ? "mailbox_missing" : "refused";
}
