import type { DeliveryState } from "../models/mail-delivery.ts";

/** What became of one attempt. */
export interface Outcome {
  state: Extract<DeliveryState, "pending" | "sent" | "failed" | "unknown">;
  /** Seconds until the next attempt; null: settled. */
  retryAfter: number | null;
  code: number | null;
  reply: string;
  /** The receiver may or may not hold a copy. */
  ambiguous: boolean;
  /** The address itself was refused for good: nothing is sent there again. */
  suppress: boolean;
}

/** What an attempt met, as far as nodemailer and the protocol tell. */
export interface Failure {
  /** nodemailer's code: EENVELOPE, EMESSAGE, EAUTH, ECONNECTION, ETIMEDOUT, … */
  code: string;
  /** The command that was refused, e.g. `RCPT TO`. */
  command: string;
  responseCode: number | null;
  reply: string;
  /** The server had asked for the message (354): without a final reply nobody knows whether it kept it. */
  dataAccepted: boolean;
}

/** Seconds to wait after the first, second, … refusal that may pass: about two and a half days in all. */
export const RETRY_DELAYS = [15, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 43_200] as const;

/** Not sooner, so that a receiver that did keep the first copy recognises the second by its Message-ID. */
const AMBIGUOUS_DELAY = 600;

export function sent(code: number, reply: string): Outcome {
  return { state: "sent", retryAfter: null, code, reply, ambiguous: false, suppress: false };
}

/**
 * Decides by what was said (RFC 5321 §4.2.1, RFC 1047): a final 5xx is final, a 4xx or a connection that broke before
 * the message may be tried again, and "354 and then silence" is tried once more at most.
 * @param attempts including this one.
 * @param ambiguousBefore ambiguous attempts of this delivery before this one.
 */
export function failed(failure: Failure, attempts: number, ambiguousBefore: number): Outcome {
  const { responseCode: code, reply } = failure;
  const refusedForGood =
    code !== null && code >= 500 && (failure.code === "EENVELOPE" || failure.code === "EMESSAGE");
  if (refusedForGood) {
    return {
      state: "failed",
      retryAfter: null,
      code,
      reply,
      ambiguous: false,
      suppress: failure.command === "RCPT TO" && isDeadAddress(code, reply),
    };
  }
  if (failure.dataAccepted && code === null) {
    const retryAfter = ambiguousBefore === 0 ? AMBIGUOUS_DELAY : null;
    return { state: "unknown", retryAfter, code, reply, ambiguous: true, suppress: false };
  }
  const retryAfter = RETRY_DELAYS[attempts - 1] ?? null;
  const state = retryAfter === null ? "failed" : "pending";
  return { state, retryAfter, code, reply, ambiguous: false, suppress: false };
}

/**
 * Whether a refused recipient is one nobody will ever reach, as far as the reply tells: by its enhanced code 5.1.x
 * (RFC 3463), or without one by 550, 551 or 553. "Relaying denied" or "mailbox full" says nothing of the address.
 */
function isDeadAddress(code: number, reply: string): boolean {
  const enhanced = /\b5\.(\d{1,3})\.\d{1,3}\b/.exec(reply)?.[1];
  return enhanced === undefined ? [550, 551, 553].includes(code) : enhanced === "1";
}
