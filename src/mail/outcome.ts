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
  /** What keeps this and every other email from leaving: this one is not charged with an attempt. */
  trouble: Trouble | null;
}

/** Trouble with the mail server or with how we reach it, and no email's fault. */
export interface Trouble {
  /** Names the kind; warnings of one kind are rare. */
  cause: string;
  /** A sentence that says what is wrong and what to do. */
  advice: string;
}

/** What an attempt met, as far as nodemailer and the protocol tell. */
export interface Failure {
  /** nodemailer's code: EENVELOPE, EMESSAGE, EAUTH, ECONNECTION, ETIMEDOUT, … */
  code: string;
  /** The command that was refused, e.g. `RCPT TO`. */
  command: string;
  responseCode: number | null;
  reply: string;
  /** The server said yes to `MAIL FROM`: what it says later is about the recipient or the message. */
  senderAccepted: boolean;
  /** The server had asked for the message (354): without a final reply nobody knows whether it kept it. */
  dataAccepted: boolean;
}

/** Seconds to wait after the first, second, … refusal that may pass: about two and a half days in all. */
export const RETRY_DELAYS = [15, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 43_200] as const;

/** Not sooner, so that a receiver that did keep the first copy recognises the second by its Message-ID. */
const AMBIGUOUS_DELAY = 600;

export function sent(code: number, reply: string): Outcome {
  return { state: "sent", retryAfter: null, code, reply, ambiguous: false, suppress: false, trouble: null };
}

/**
 * Decides by what was said (RFC 5321 §4.2.1, RFC 1047). Whatever fails before the server accepts our sender is no fault of
 * the email. After that a final 5xx is final, a 4xx or a connection that broke before the message may be tried again, and
 * "354 and then silence" is tried once more at most.
 * @param attempts including this one.
 * @param ambiguousBefore ambiguous attempts of this delivery before this one.
 */
export function failed(failure: Failure, attempts: number, ambiguousBefore: number): Outcome {
  const { responseCode: code, reply } = failure;
  const outcome = { code, reply, ambiguous: false, suppress: false, trouble: null };
  const trouble = troubleOf(failure);
  if (trouble !== null) return { ...outcome, state: "pending", retryAfter: 0, trouble };
  const refusedForGood =
    code !== null && code >= 500 && (failure.code === "EENVELOPE" || failure.code === "EMESSAGE");
  if (refusedForGood) {
    const suppress = failure.command === "RCPT TO" && isDeadAddress(code, reply);
    return { ...outcome, state: "failed", retryAfter: null, suppress };
  }
  if (failure.dataAccepted && code === null) {
    const retryAfter = ambiguousBefore === 0 ? AMBIGUOUS_DELAY : null;
    return { ...outcome, state: "unknown", retryAfter, ambiguous: true };
  }
  const retryAfter = RETRY_DELAYS[attempts - 1] ?? null;
  return { ...outcome, state: retryAfter === null ? "failed" : "pending", retryAfter };
}

/** A login or encryption is missing or wrong (RFC 4954, RFC 3207), whatever command the server answers. */
const LOGIN_REPLIES = [530, 534, 535, 538];
/** nodemailer's codes for an email that never got to the server, when there is no reply with them. */
const ABOUT_THE_EMAIL = ["EENVELOPE", "EMESSAGE", "ESTREAM", "ECOMPOSE"];

function troubleOf({ code, command, responseCode, reply, ...accepted }: Failure): Trouble | null {
  if (accepted.senderAccepted && accepted.dataAccepted) return null;
  if (code === "EAUTH" || code === "ENOAUTH" || LOGIN_REPLIES.includes(responseCode ?? 0)) {
    const advice =
      responseCode === 530
        ? "The mail server wants a login or encryption first: put the user and password into SMTP_URL, or use smtps://."
        : "The mail server refuses our login: check the user and password in SMTP_URL.";
    return { cause: "login", advice };
  }
  if (accepted.senderAccepted) return null;
  // Some servers say at MAIL FROM that the message is too large.
  const tooLarge = responseCode === 552 || /\b5\.(3\.4|2\.3)\b/.test(reply);
  if (tooLarge || (responseCode === null && ABOUT_THE_EMAIL.includes(code))) return null;
  if (command === "MAIL FROM") {
    const advice =
      "The mail server refuses our sender: check MAIL_FROM, and that the login in SMTP_URL may send from it.";
    return { cause: "sender", advice };
  }
  // By the code, too: a server that can't be found may well have "ssl" in its name.
  if (code === "ETLS" || (code === "ESOCKET" && /certificate|ssl|tls/i.test(reply))) {
    const advice =
      "The connection to the mail server can't be encrypted: name the host in SMTP_URL as its certificate does, and let Node trust who issued it (NODE_EXTRA_CA_CERTS).";
    return { cause: "encryption", advice };
  }
  return responseCode === null
    ? {
        cause: "connection",
        advice: "The mail server can't be reached: check the host and port in SMTP_URL.",
      }
    : { cause: "refusal", advice: "The mail server turns us away before the first email: see its reply." };
}

/**
 * Whether a refused recipient is one nobody will ever reach, as far as the reply tells: by its enhanced code 5.1.x
 * (RFC 3463), or without one by 550, 551 or 553. "Relaying denied" or "mailbox full" says nothing of the address.
 */
function isDeadAddress(code: number, reply: string): boolean {
  const enhanced = /\b5\.(\d{1,3})\.\d{1,3}\b/.exec(reply)?.[1];
  return enhanced === undefined ? [550, 551, 553].includes(code) : enhanced === "1";
}
