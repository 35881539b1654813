import nodemailer, { type SendMailOptions } from "nodemailer";
import type { DkimSigner } from "./dkim.ts";
import type { Failure } from "./outcome.ts";

export type SmtpConnection = ReturnType<typeof openSmtpConnection>;

/** Milliseconds the server has for each reply. */
interface ReplyTimeouts {
  /** Until it accepts our sender. */
  sender: number;
  /** After that, until it asks for the message. */
  recipient: number;
}

/**
 * Milliseconds for the final reply. RFC 5321 §4.5.3.2.6 asks for 10 minutes, since a shorter wait causes duplicates.
 * nodemailer's own timeout for silence is as long. This one is for servers that send a byte now and then.
 */
const FINAL_REPLY_TIMEOUT = 11 * 60_000;

/** The fields that nodemailer adds to its errors. */
interface SmtpError extends Error {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

/**
 * Opens one SMTP connection, which stays open between emails and carries one at a time. nodemailer's error is the
 * same whether a connection broke before or after the message was handed over. Only the protocol log shows which, and
 * with one email per connection it is clear which email a line belongs to. Keeps nothing of the log except how far
 * the email got.
 */
export function openSmtpConnection(url: string, dkim?: DkimSigner) {
  let progress = newProgress();
  let connected = false;
  let onLine = () => {};
  const watch = ({ tnx }: { tnx?: string }, line: string) => {
    if (tnx === "client") followClient(progress, line);
    if (tnx === "server") followServer(progress, line);
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
    /** @returns the reply that accepted the email, or how it failed. Never throws. */
    async send(
      mail: SendMailOptions,
      timeouts: ReplyTimeouts,
    ): Promise<{ accepted: string } | { failure: Failure }> {
      progress = newProgress();
      const { signal, refresh, clear } = createWatchdog();
      onLine = () => refresh(timeoutFor(progress, timeouts));
      onLine();
      try {
        // nodemailer 10 knows `signal`, but its types don't.
        const cancelable: SendMailOptions & { signal: AbortSignal } = { ...mail, signal };
        const { response } = await transport.sendMail(cancelable);
        return { accepted: response };
      } catch (error) {
        const { senderAccepted, dataAccepted, lastCommand } = progress;
        const accepted = { senderAccepted, dataAccepted };
        if (signal.aborted) {
          connected = false;
          const reply = `The mail server did not answer ${lastCommand || "when we connected"} in time.`;
          return { failure: { code: "ETIMEDOUT", command: "CONN", responseCode: null, reply, ...accepted } };
        }
        const { code = "", command = "", responseCode = null, response, message } = error as SmtpError;
        // Without a reply, the connection broke. After a failed login, nodemailer closes it.
        if (responseCode === null || code === "EAUTH") connected = false;
        return { failure: { code, command, responseCode, reply: response ?? message, ...accepted } };
      } finally {
        onLine = () => {};
        clear();
      }
    },
    /** Returns true if the server has greeted us and hasn't hung up since, as far as we know. */
    connected: () => connected,
    /** Cuts the connection; an email in progress fails. */
    close(): void {
      connected = false;
      // `force` is for a server that never answers. nodemailer 10 knows it, but its types don't.
      const { close }: { close(options: { force: boolean }): void } = transport;
      close.call(transport, { force: true });
    },
  };
}

/** How far an email got. */
interface Progress {
  senderAsked: boolean;
  senderAccepted: boolean;
  dataAccepted: boolean;
  lastCommand: string;
}

function newProgress(): Progress {
  return { senderAsked: false, senderAccepted: false, dataAccepted: false, lastCommand: "" };
}

function followClient(progress: Progress, line: string): void {
  progress.lastCommand = /^[A-Z]+/i.exec(line)?.[0] ?? "";
  if (line.startsWith("MAIL FROM")) progress.senderAsked = true;
}

/** Replies come in the order of the commands: the first after MAIL FROM answers it. */
function followServer(progress: Progress, line: string): void {
  if (progress.senderAsked) progress.senderAccepted = line.startsWith("2");
  progress.senderAsked = false;
  if (line.startsWith("354")) progress.dataAccepted = true;
}

function timeoutFor({ senderAccepted, dataAccepted }: Progress, timeouts: ReplyTimeouts): number {
  if (dataAccepted) return FINAL_REPLY_TIMEOUT;
  return senderAccepted ? timeouts.recipient : timeouts.sender;
}

/** Aborts unless it is refreshed within the time it was last given. */
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
