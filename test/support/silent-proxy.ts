import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A proxy before a server, on which the network can fail silently, as real ones do. */
export interface SilentProxy {
  /** The server's URL through the proxy. */
  url: string;
  /** Leads new connections to the server at this URL. Existing ones stay where they are. */
  leadTo(target: string): void;
  /**
   * Drops all bytes of the existing connections, both ways, without closing them, as if the host had vanished. New
   * connections work. With `andNew` they are accepted but stay silent, too, until `heal`.
   */
  silence(options?: { andNew?: boolean }): void;
  /** Refuses new connections until `heal`. Existing ones continue. */
  refuse(): void;
  /** Lets new connections work again. Silenced ones stay silent. */
  heal(): Promise<void>;
  /** Closes all existing connections. New ones work. */
  cut(): void;
  stop(): void;
}

interface Pair {
  client: Socket;
  /** Undefined if the connection was silent from the start. */
  upstream?: Socket;
}

/** Puts a proxy before the server at this URL. */
export async function startSilentProxy(target: string): Promise<SilentProxy> {
  const url = new URL(target);
  const talking = new Set<Required<Pair>>();
  const silent = new Set<Pair>();
  let { hostname, port } = url;
  let swallowing = false;
  let server: Server | undefined;

  async function listen(at: number): Promise<void> {
    // Half-open: a host that is gone doesn't answer the end of a connection either.
    server = createServer({ allowHalfOpen: true }, accept).listen(at, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address !== null && typeof address === "object") url.host = `127.0.0.1:${address.port}`;
  }

  function accept(client: Socket): void {
    client.on("error", () => {});
    if (swallowing) {
      silent.add({ client: client.resume() });
      return;
    }
    const upstream = connect(Number(port), hostname).on("error", () => {});
    const pair = { client, upstream };
    talking.add(pair);
    client.pipe(upstream).pipe(client);
    client.once("close", () => talking.delete(pair) && upstream.destroy());
    upstream.once("close", () => talking.delete(pair) && client.destroy());
  }

  function cut(): void {
    for (const { client, upstream } of [...talking, ...silent]) {
      client.destroy();
      upstream?.destroy();
    }
    talking.clear();
    silent.clear();
  }

  await listen(0);
  return {
    url: url.href,
    leadTo(other) {
      ({ hostname, port } = new URL(other));
    },
    silence({ andNew = false } = {}) {
      swallowing = andNew;
      for (const pair of talking) {
        pair.client.unpipe().resume();
        pair.upstream.unpipe().resume();
        silent.add(pair);
      }
      talking.clear();
    },
    refuse: () => void server?.close(),
    async heal() {
      swallowing = false;
      if (!server?.listening) await listen(Number(url.port));
    },
    cut,
    stop() {
      server?.close();
      cut();
    },
  };
}
