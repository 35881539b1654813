import { enhancedCode, judgeRefusal } from "./judge-refusal.ts";

export const FAILURE_CAUSES = [
  "mailbox_missing",
  "mailbox_full",
  "refused",
  "suppressed",
  "not_reached",
] as const;

/** Why an email never arrives, as its sender can understand it and programs can tell apart. */
export type FailureCause = (typeof FAILURE_CAUSES)[number];

interface Failed {
  code: number | null;
  reply: string;
  /** The address itself was refused for good. */
  suppress?: boolean;
}

const FULL =
  /\b(mailbox|inbox|account|user|quota)\b.{0,30}\b(full|exceeded)\b|over ?quota|quota exceeded|insufficient (system )?storage/i;

/** Reads a failure from what the receiving server said last, by the same rule that decides whether an address is suppressed. */
export function failureCause({ code, reply, suppress = false }: Failed): FailureCause {
  const enhanced = enhancedCode(reply);
  // 5.1.2: the recipient's domain isn't there.
  if (suppress || enhanced === "1.2" || judgeRefusal(reply) === "recipient") return "mailbox_missing";
  if (enhanced === "2.2" || FULL.test(reply)) return "mailbox_full";
  return code === null || code < 500 ? "not_reached" : "refused";
}
