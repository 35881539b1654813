import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A way to a server on which the network can fail as real ones do: without a word. */
export interface SilentProxy {
  /** The server's URL, by way of the proxy. */
  url: string;
  /** New connections lead to this URL's server from now on; existing ones stay where they are. */
  leadTo(target: string): void;
  /**
   * Drops every byte of the existing connections, both ways, without closing them: the host behind them is gone. New
   * connections work; with `andNew` they are accepted and stay silent, too, until `heal`.
   */
  silence(options?: { andNew?: boolean }): void;
  /** Refuses new connections until `heal`; existing ones go on. */
  refuse(): void;
  /** New connections work again. Those that were silenced stay silent. */
  heal(): Promise<void>;
  /** Closes all existing connections; new ones work. */
  cut(): void;
  stop(): void;
}

interface Pair {
  client: Socket;
  /** Undefined where the connection was silent from the start. */
  upstream?: Socket;
}

/** Puts a proxy before the server of this URL. */
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
