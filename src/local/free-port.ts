import { once } from "node:events";
import { createServer } from "node:net";

/** Returns a TCP port of 127.0.0.1 that nothing listens on now. Another program may still take it. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("The kernel gave no TCP port.");
  return address.port;
}
