import nodemailer, { type SendMailOptions } from "nodemailer";
import type { DkimSigner } from "./dkim.ts";
import type { Failure } from "./outcome.ts";

export interface SmtpLane {
  /** @returns the reply that accepted the mail, or how it failed. Never throws. */
  send(mail: SendMailOptions): Promise<{ accepted: string } | { failure: Failure }>;
  /** Cuts the connection; a mail under way fails. */
  close(): void;
}

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
 * on a lane of its own it is known which mail a line of it belongs to. Nothing of the log is kept but that one bit.
 */
export function openSmtpLane(url: string, dkim?: DkimSigner): SmtpLane {
  let dataAccepted = false;
  const watch = (entry: { tnx?: string }, line: string) => {
    if (entry.tnx === "server" && line.startsWith("354")) dataAccepted = true;
  };
  const ignore = () => {};
  const transport = nodemailer.createTransport({
    url,
    pool: true,
    maxConnections: 1,
    maxMessages: Number.POSITIVE_INFINITY,
    maxRequeues: 1,
    connectionTimeout: 30_000,
    greetingTimeout: 30_000,
    // `socketTimeout` stays at its 10 minutes: RFC 5321 §4.5.3.2.6, a shorter wait for the final reply buys duplicates.
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
    async send(mail) {
      dataAccepted = false;
      try {
        const { response } = await transport.sendMail(mail);
        return { accepted: response };
      } catch (error) {
        const { code = "", command = "", responseCode = null, response, message } = error as SmtpError;
        return {
          failure: { code, command, responseCode, reply: response ?? message, dataAccepted },
        };
      }
    },
    close() {
      // `force`, for a server that never answers: nodemailer 10 has it, its types don't.
      const { close }: { close(options: { force: boolean }): void } = transport;
      close.call(transport, { force: true });
    },
  };
}
