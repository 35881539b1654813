import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import type { SMTPServerDataStream, SMTPServerSession } from "smtp-server";
import { inboxStore } from "./inbox-store.ts";

export type Inbox = { smtpUrl: string; stop(): Promise<void> };

const MAX_BYTES = 10 * 1024 * 1024;

/**
 * Starts an SMTP server on this machine only. It keeps emails in a folder instead of sending them, and the page /inbox
 * shows them. smtp-server is a devDependency, so it is imported here and not at the top.
 */
export async function startInbox(options: { directory: string; keep?: number }): Promise<Inbox> {
  const { directory, keep = 500 } = options;
  const { SMTPServer } = await import("smtp-server").catch((cause) => {
    throw new Error(
      "The built-in inbox (smtp-server) is not installed; " +
        "run `npm ci` including development dependencies, or set SMTP_URL.",
      { cause },
    );
  });
  const store = inboxStore(directory);

  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const message = await buffer(stream);
    if (stream.sizeExceeded) throw Object.assign(new Error("Message too big"), { responseCode: 552 });
    const id = await store.add(Buffer.concat([Buffer.from(envelopeLine(session)), message]), keep);
    return `stored as ${id}`;
  }

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    size: MAX_BYTES,
    closeTimeout: 500,
    onData: (stream, session, done) => {
      receive(stream, session).then((reply) => done(null, reply), done);
    },
  });
  // Without a listener, a client that hangs up would end the process.
  server.on("error", () => {});
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return { smtpUrl: `smtp://127.0.0.1:${port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}

/** Returns a header with the recipients for the first line of the file, because the sender writes them in no header. */
function envelopeLine({ envelope }: SMTPServerSession): string {
  return `Delivered-To: ${envelope.rcptTo.map(({ address }) => address).join(", ")}\r\n`;
}
