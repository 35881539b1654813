import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";

export interface ReceivedMail {
  /** The envelope's recipients, where the email really goes. */
  to: string[];
  from: string;
  /** The email, parsed by another library than the one that wrote it. */
  mail: Email;
  source: string;
}

export interface Mailbox {
  url: string;
  received: ReceivedMail[];
  /** Waits for the n-th email to an address. @throws after 25 s: a wake-up may be lost, and the sweep runs every 15 s. */
  waitFor(address: string, nth?: number): Promise<ReceivedMail>;
  stop(): Promise<void>;
}

/** Starts a real SMTP server that keeps its emails. */
export async function startMailbox(): Promise<Mailbox> {
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    closeTimeout: 100,
    async onData(stream, session, done) {
      const source = await buffer(stream);
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false ? "" : mailFrom.address;
      const mail = await PostalMime.parse(source);
      received.push({ to: rcptTo.map(({ address }) => address), from, mail, source: source.toString() });
      done(null, "kept");
    },
  });
  server.on("error", () => {});
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  const port = typeof address === "object" ? address?.port : undefined;

  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    async waitFor(to, nth = 1) {
      for (const deadline = Date.now() + 25_000; Date.now() < deadline; ) {
        const mail = received.filter((candidate) => candidate.to.includes(to))[nth - 1];
        if (mail !== undefined) return mail;
        await sleep(10);
      }
      throw new Error(`no mail number ${nth} to ${to} within 25 s`);
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Returns the token in an email's Accept link. */
export function tokenIn({ mail }: ReceivedMail): string {
  const token = /\/i\/([\w-]+)/.exec(mail.text ?? "")?.[1];
  if (token === undefined) throw new Error("the mail has no link");
  return token;
}
