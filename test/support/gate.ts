import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A gate before a server. While it is shut, connections are cut and refused. */
export interface Gate {
  /** The server's URL through the gate. */
  url: string;
  open(): Promise<void>;
  shut(): Promise<void>;
}

/** Puts an open gate before the server at this URL. */
export async function startGate(target: string): Promise<Gate> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const url = new URL(target);
  let server: Server | undefined;

  function pass(incoming: Socket): void {
    const outgoing = connect(Number(port), hostname);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }

  /** @param at the port, the same each time. 0 chooses one. */
  async function listen(at: number): Promise<void> {
    server = createServer(pass).listen(at, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address !== null && typeof address === "object") url.host = `127.0.0.1:${address.port}`;
  }

  await listen(0);
  return {
    url: url.href,
    open: () => listen(Number(url.port)),
    async shut() {
      const closed = server === undefined ? undefined : once(server, "close");
      server?.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
