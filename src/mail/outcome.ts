import type { DeliveryState } from "../models/mail-delivery.ts";
import { type Fault, judgeRefusal, type SendingFault } from "./judge-refusal.ts";

/** The outcome of one attempt. */
export interface Outcome {
  state: Extract<DeliveryState, "pending" | "sent" | "failed" | "unknown">;
  /** Seconds until the next attempt; null when settled. */
  retryAfter: number | null;
  code: number | null;
  reply: string;
  /** Whether the receiver may or may not have a copy. */
  ambiguous: boolean;
  /** Whether the address itself was refused permanently. Nothing is sent there again. */
  suppress: boolean;
  /** A problem that stops every email. The attempt then doesn't count against this one. */
  trouble: Trouble | null;
}

/** Trouble on the sending side: the mail server, how we reach it, or what it thinks of us. */
interface Trouble {
  /** The kind of trouble. Warnings of one kind are rate-limited. */
  cause: SendingFault | "encryption" | "connection" | "refusal";
  /** A sentence that says what is wrong and what to do. */
  advice: string;
  /**
   * `server`: the server refused before it knew the email, so it refuses every email. `us`: it refused an email in
   * words about us. `doubt`: it may just as well be about this email alone. `suspicions.ts` decides by what happens
   * to other emails.
   */
  about: "server" | "us" | "doubt";
}

/** How an attempt failed, according to nodemailer and the protocol log. */
export interface Failure {
  /** nodemailer's code: EENVELOPE, EMESSAGE, EAUTH, ECONNECTION, ETIMEDOUT, … */
  code: string;
  /** The command that was refused, e.g. `RCPT TO`. */
  command: string;
  responseCode: number | null;
  reply: string;
  /** The server accepted `MAIL FROM`, so later replies are about the recipient or the message. */
  senderAccepted: boolean;
  /** The server asked for the message (354). Without a final reply, nobody knows whether it kept the message. */
  dataAccepted: boolean;
}

/** Seconds to wait after the first, second and further temporary refusals: about two and a half days in total. */
export const RETRY_DELAYS = [15, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 43_200] as const;

/** Seconds. Long enough for a receiver that kept the first copy to recognize the second by its Message-ID. */
const AMBIGUOUS_DELAY = 600;

export function sent(code: number, reply: string): Outcome {
  return { state: "sent", retryAfter: null, code, reply, ambiguous: false, suppress: false, trouble: null };
}

/**
 * Decides what to do after a failed attempt, by the reply (RFC 5321 §4.2.1, RFC 1047) and by whose fault it is. A 5xx
 * about the recipient or the email is final, a 4xx is retried, and "354, then silence" is retried once at most.
 * Problems on the sending side don't count against the email.
 * @param attempts including this one.
 * @param ambiguousBefore ambiguous attempts of this delivery before this one.
 */
export function failed(failure: Failure, attempts: number, ambiguousBefore: number): Outcome {
  const { responseCode: code, reply } = failure;
  const outcome = { code, reply, ambiguous: false, suppress: false, trouble: null };
  if (failure.dataAccepted && code === null) {
    const retryAfter = ambiguousBefore === 0 ? AMBIGUOUS_DELAY : null;
    return { ...outcome, state: "unknown", retryAfter, ambiguous: true };
  }
  const trouble = troubleOf(failure);
  if (trouble !== null) return { ...outcome, state: "pending", retryAfter: 0, trouble };
  const suppress = code !== null && failure.senderAccepted && judgeRefusal(reply) === "recipient";
  return { ...outcome, ...settled(code, attempts), suppress };
}

/**
 * Counts an attempt against its email after all, because the problem turned out to be the email's own.
 * @param final whether a 5xx settles it, because the refusal is known to be about this email.
 */
export function charged(outcome: Outcome, attempts: number, final: boolean): Outcome {
  return { ...outcome, ...settled(final ? outcome.code : null, attempts), trouble: null };
}

/** Decides after a refusal of this email: it fails for good, or is retried after a while. */
function settled(code: number | null, attempts: number): Pick<Outcome, "state" | "retryAfter"> {
  const retryAfter = (code ?? 0) >= 500 ? null : (RETRY_DELAYS[attempts - 1] ?? null);
  return { state: retryAfter === null ? "failed" : "pending", retryAfter };
}

/** nodemailer's codes, without a reply, for emails that never reached the server. */
const ABOUT_THE_EMAIL = ["EENVELOPE", "EMESSAGE", "ESTREAM", "ECOMPOSE"];

function troubleOf({ code, command, responseCode, reply, ...accepted }: Failure): Trouble | null {
  const said = responseCode === null ? undefined : judgeRefusal(reply);
  if (accepted.senderAccepted) {
    if (said === "recipient" || said === "email") return null;
    if (said === undefined && ABOUT_THE_EMAIL.includes(code)) return null;
    if (said === undefined) return { cause: "connection", advice: ADVICE.connection, about: "doubt" };
    const about = said === "policy" || said === "content" ? "doubt" : "us";
    return { cause: said, advice: ADVICE[said], about };
  }
  // At MAIL FROM, some servers refuse the message's size or the characters of its address (RFC 6531).
  const itsOwn = responseCode === 552 || /^\d+[ -]5\.(?:3\.4|2\.3|6\.\d+)\b/.test(reply);
  if (itsOwn || (responseCode === null && ABOUT_THE_EMAIL.includes(code))) return null;
  const cause = causeBefore(code, command, responseCode, reply, said);
  return { cause, advice: ADVICE[cause], about: "server" };
}

/** Returns why the server didn't even accept our sender. */
function causeBefore(
  code: string,
  command: string,
  responseCode: number | null,
  reply: string,
  said: Fault | undefined,
): Trouble["cause"] {
  // Checks the code, too, because a server that can't be found may have "ssl" in its name.
  if (code === "ETLS" || (code === "ESOCKET" && /certificate|ssl|tls/i.test(reply))) return "encryption";
  if (responseCode === null) return code === "EAUTH" || code === "ENOAUTH" ? "login" : "connection";
  if (said === "rate" || said === "connections" || said === "block list") return said;
  if (code === "EAUTH" || code === "ENOAUTH" || said === "login") return "login";
  if (command !== "MAIL FROM") return "refusal";
  return said === "busy" ? said : "sender";
}

export const ADVICE: Record<Trouble["cause"], string> = {
  login:
    "The mail server wants a login, or rejects ours: check the user and password in SMTP_URL, and whether the URL must start with smtps://.",
  sender:
    "The mail server refuses our sender: check MAIL_FROM, that its domain exists and has the SPF and DKIM records your mail provider asks for, and that the login in SMTP_URL may send from it.",
  relay:
    "The mail server doesn't send to other domains for us: put a user and password in SMTP_URL, or let the server relay for this host.",
  "block list":
    "The mail server, or the receiver behind it, blocks our address: look it up on the block list that the reply names, check its reverse DNS, and ask your mail provider.",
  rate: "The mail server wants fewer emails in this time; Guildhall sends more slowly by itself. Set SMTP_RATE to what your mail provider allows.",
  connections:
    "The mail server wants fewer connections; Guildhall uses fewer by itself. Set SMTP_CONNECTIONS to what your mail provider allows.",
  busy: "The mail server can't take emails at the moment: if this goes on, check its log.",
  content:
    "The mail server treats an email as spam: check its reply, the message of the invitation, and whether SPF, DKIM and DMARC are set up for MAIL_FROM.",
  policy:
    "The mail server refuses an email under a policy of its own, or doesn't say why: see its reply, and ask your mail provider if this goes on.",
  encryption:
    "The connection to the mail server can't be encrypted: name the host in SMTP_URL as its certificate does, and make Node trust the issuer (NODE_EXTRA_CA_CERTS).",
  connection: "The mail server can't be reached: check the host and port in SMTP_URL.",
  refusal: "The mail server turns us away before the first email: see its reply.",
};
