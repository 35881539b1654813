import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** Accepts every email as fast as the protocol allows, and remembers the recipients. */
export interface CountingSmtp {
  url: string;
  /** The envelope's recipient of every email, in order of arrival. */
  recipients: string[];
  stop(): Promise<void>;
}

export async function startCountingSmtp(): Promise<CountingSmtp> {
  const recipients: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    receive(socket, recipients);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `smtp://127.0.0.1:${port}`,
    recipients,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function receive(socket: Socket, recipients: string[]): void {
  let pending = "";
  let inMail = false;
  let recipient = "";
  socket.setNoDelay(true).setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.write("220 counting.test ESMTP\r\n");
  socket.on("data", (chunk: string) => {
    pending += chunk;
    for (;;) {
      const mark = inMail ? "\r\n.\r\n" : "\r\n";
      const end = pending.indexOf(mark);
      if (end === -1) return;
      const line = pending.slice(0, end);
      pending = pending.slice(end + mark.length);
      const command = inMail ? "." : line.slice(0, 4).toUpperCase();
      if (command === "RCPT") recipient = /<(.*)>/.exec(line)?.[1] ?? "";
      if (command === ".") recipients.push(recipient);
      inMail = command === "DATA";
      socket.write(REPLIES[command] ?? "250 ok\r\n");
    }
  });
}

const REPLIES: Record<string, string> = {
  EHLO: "250-counting.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
  DATA: "354 go ahead\r\n",
  QUIT: "221 bye\r\n",
};
