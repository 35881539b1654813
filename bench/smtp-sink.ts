import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/**
 * An SMTP server that accepts every email: as little work as the protocol allows, with PIPELINING like real servers. Told
 * a number, it answers once it has accepted that many more, with their bytes.
 */
let accepted = 0;
let awaited = Number.POSITIVE_INFINITY;
/** The bytes of all emails since it was last given a number. */
let bytes = 0;

process.on("message", (count: number) => {
  awaited = accepted + count;
  bytes = 0;
});
process.on("disconnect", () => process.exit());

const server = createServer(receive).listen(0, "127.0.0.1");
await once(server, "listening");
process.send?.(server.address());

function receive(socket: Socket): void {
  let pending = "";
  let inMail = false;
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.write("220 sink.test ESMTP\r\n");
  socket.on("data", (chunk: string) => {
    pending += chunk;
    let replies = "";
    for (;;) {
      const mark = inMail ? "\r\n.\r\n" : "\r\n";
      const end = pending.indexOf(mark);
      if (end === -1) break;
      const command = inMail ? "." : pending.slice(0, 4).toUpperCase();
      if (inMail) bytes += end;
      pending = pending.slice(end + mark.length);
      inMail = command === "DATA";
      replies += replyTo(command);
    }
    if (replies !== "") socket.write(replies);
  });
}

function replyTo(command: string): string {
  if (command === "EHLO") return "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
  if (command === "DATA") return "354 go ahead\r\n";
  if (command === "QUIT") return "221 bye\r\n";
  if (command === ".") {
    accepted += 1;
    if (accepted === awaited) process.send?.(bytes);
  }
  return "250 ok\r\n";
}
