import nodemailer, { type SendMailOptions } from "nodemailer";
import type { DkimSigner } from "./dkim.ts";
import type { Failure } from "./outcome.ts";

export interface SmtpLane {
  /** @returns the reply that accepted the mail, or how it failed. Never throws. */
  send(mail: SendMailOptions, patience: Patience): Promise<{ accepted: string } | { failure: Failure }>;
  /** Whether the server has greeted us and not hung up since, as far as we have heard. */
  connected(): boolean;
  /** Cuts the connection; a mail under way fails. */
  close(): void;
}

/** Milliseconds the server has for each reply. */
export interface Patience {
  /** Until it accepts our sender. */
  sender: number;
  /** After that, until it asks for the message. */
  recipient: number;
}

/**
 * Milliseconds for the final reply. RFC 5321 §4.5.3.2.6 wants 10 minutes, since a shorter wait buys duplicates:
 * nodemailer's own limit for silence. This one is for a server that trickles.
 */
const VERDICT_PATIENCE = 11 * 60_000;

/** What nodemailer adds to its errors. */
interface SmtpError extends Error {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

/**
 * One SMTP connection, kept open between mails, for one mail at a time. One at a time, because nodemailer's error is
 * the same whether a connection broke before or after the message was handed over; only the protocol log tells, and
 * on a lane of its own it is known which mail a line of it belongs to. Nothing of the log is kept but how far the server
 * went along. Each reply is waited for, but not for ever.
 */
export function openSmtpLane(url: string, dkim?: DkimSigner): SmtpLane {
  let course = newCourse();
  let connected = false;
  let onLine = () => {};
  const watch = ({ tnx }: { tnx?: string }, line: string) => {
    if (tnx === "client") followClient(course, line);
    if (tnx === "server") followServer(course, line);
    if (tnx === "server") connected = /^[23]/.test(line) || (connected && !line.startsWith("421"));
    if (tnx === "client" || tnx === "server") onLine();
  };
  const ignore = () => {};
  const transport = nodemailer.createTransport({
    url,
    pool: true,
    maxConnections: 1,
    maxMessages: Number.POSITIVE_INFINITY,
    maxRequeues: 1,
    // `socketTimeout` stays at its 10 minutes.
    ...(dkim === undefined ? {} : { dkim }),
    disableFileAccess: true,
    disableUrlAccess: true,
    transactionLog: true,
    logger: {
      level: ignore,
      trace: ignore,
      debug: watch,
      info: ignore,
      warn: ignore,
      error: ignore,
      fatal: ignore,
    },
  });

  return {
    async send(mail, patience) {
      course = newCourse();
      const { signal, refresh, clear } = createWatchdog();
      onLine = () => refresh(patienceFor(course, patience));
      onLine();
      try {
        // nodemailer 10 has `signal`, its types don't.
        const cancelable: SendMailOptions & { signal: AbortSignal } = { ...mail, signal };
        const { response } = await transport.sendMail(cancelable);
        return { accepted: response };
      } catch (error) {
        const { senderAccepted, dataAccepted, asked } = course;
        const accepted = { senderAccepted, dataAccepted };
        if (signal.aborted) {
          connected = false;
          const reply = `The mail server did not answer ${asked || "when we connected"} in time.`;
          return { failure: { code: "ETIMEDOUT", command: "CONN", responseCode: null, reply, ...accepted } };
        }
        const { code = "", command = "", responseCode = null, response, message } = error as SmtpError;
        // Without a reply it broke, and after a failed login nodemailer ends it.
        if (responseCode === null || code === "EAUTH") connected = false;
        return { failure: { code, command, responseCode, reply: response ?? message, ...accepted } };
      } finally {
        onLine = () => {};
        clear();
      }
    },
    connected: () => connected,
    close() {
      connected = false;
      // `force`, for a server that never answers: nodemailer 10 has it, its types don't.
      const { close }: { close(options: { force: boolean }): void } = transport;
      close.call(transport, { force: true });
    },
  };
}

/** How far the server went along with one mail. */
interface Course {
  senderAsked: boolean;
  senderAccepted: boolean;
  dataAccepted: boolean;
  /** The command sent last. */
  asked: string;
}

function newCourse(): Course {
  return { senderAsked: false, senderAccepted: false, dataAccepted: false, asked: "" };
}

function followClient(course: Course, line: string): void {
  course.asked = /^[A-Z]+/i.exec(line)?.[0] ?? "";
  if (line.startsWith("MAIL FROM")) course.senderAsked = true;
}

/** Replies come in the order of the commands: the first after MAIL FROM answers it. */
function followServer(course: Course, line: string): void {
  if (course.senderAsked) course.senderAccepted = line.startsWith("2");
  course.senderAsked = false;
  if (line.startsWith("354")) course.dataAccepted = true;
}

function patienceFor({ senderAccepted, dataAccepted }: Course, patience: Patience): number {
  if (dataAccepted) return VERDICT_PATIENCE;
  return senderAccepted ? patience.recipient : patience.sender;
}

/** Aborts when it was not refreshed for the time it was given last. */
function createWatchdog() {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    refresh(milliseconds: number) {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(), milliseconds);
    },
    clear: () => clearTimeout(timer),
  };
}
