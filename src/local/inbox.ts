import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import type { SMTPServerDataStream, SMTPServerSession } from "smtp-server";
import { inboxFiles } from "./inbox-files.ts";

export type Inbox = { smtpUrl: string; stop(): Promise<void> };

const MAX_BYTES = 10 * 1024 * 1024;

/**
 * An SMTP server for development: mail that would leave ends up in a folder, where the page /inbox shows it. It
 * listens on this machine only. smtp-server is a devDependency, so it is loaded only when somebody starts this.
 */
export async function startInbox({
  directory,
  keep = 500,
}: {
  directory: string;
  keep?: number;
}): Promise<Inbox> {
  const { SMTPServer } = await import("smtp-server").catch((cause) => {
    throw new Error(
      "The built-in inbox (smtp-server) is not installed; " +
        "run `npm ci` including development dependencies, or set SMTP_URL.",
      { cause },
    );
  });
  const files = inboxFiles(directory);

  async function store(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const message = await buffer(stream);
    if (stream.sizeExceeded) throw Object.assign(new Error("Message too big"), { responseCode: 552 });
    const id = await files.add(Buffer.concat([Buffer.from(envelopeLine(session)), message]));
    await files.keepNewest(keep);
    return `stored as ${id}`;
  }

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    size: MAX_BYTES,
    closeTimeout: 500,
    onData: (stream, session, done) => {
      store(stream, session).then((reply) => done(null, reply), done);
    },
  });
  // A client that hangs up is no reason to take the whole process down.
  server.on("error", () => {});
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return { smtpUrl: `smtp://127.0.0.1:${port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}

/**
 * Whom the mail was really for stands in no header a sender writes, so it becomes the first line of the file. It
 * travels with the message and any mail program understands it.
 */
function envelopeLine({ envelope }: SMTPServerSession): string {
  return `Delivered-To: ${envelope.rcptTo.map(({ address }) => address).join(", ")}\r\n`;
}
