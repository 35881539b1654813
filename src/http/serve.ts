import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import type Koa from "koa";
import { ConfigError } from "../config.ts";

export interface RunningServer {
  port: number;
  /** Takes no new requests and waits for those under way, at most `grace` milliseconds. */
  stop(grace: number): Promise<void>;
}

/**
 * Listens.
 * @throws ConfigError when the port is taken or not allowed, or the host is not this machine's.
 */
export async function serve<State>(
  app: Koa<State>,
  { port, host }: { port: number; host: string },
): Promise<RunningServer> {
  const server = createServer(app.callback());
  // Slow writers are cut off: headers within 10 s, the whole request within 30 s.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  const idle = idleConnections(server);
  await listen(server, { port, host });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async stop(grace) {
      const closed = once(server, "close");
      server.close();
      const closeIdle = () => {
        for (const socket of idle) socket.destroy();
      };
      closeIdle();
      // A connection kept alive becomes idle only when its request is answered.
      const again = setInterval(closeIdle, 50);
      const limit = setTimeout(() => server.closeAllConnections(), grace);
      await closed;
      clearInterval(again);
      clearTimeout(limit);
    },
  };
}

/**
 * Checks that the service could listen here, so that a taken port is reported before anything is created.
 * @throws ConfigError as `serve` does.
 */
export async function requireFreePort(where: { port: number; host: string }): Promise<void> {
  const server = createServer();
  await listen(server, where);
  const closed = once(server, "close");
  server.close();
  await closed;
}

async function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  // Without a host Node takes `::`, and `0.0.0.0` where there is no IPv6.
  server.listen(port, host === "::" ? undefined : host);
  await once(server, "listening").catch((error) => {
    throw new ConfigError(refusal(error, port, host), { cause: error });
  });
}

/**
 * Connections without a request under way. Node's own `closeIdleConnections` spares those that never sent one, and
 * browsers open such connections ahead of need.
 */
function idleConnections(server: Server): Set<Socket> {
  const idle = new Set<Socket>();
  const underWay = new WeakMap<Socket, number>();
  const count = (socket: Socket, more: number) => {
    const requests = (underWay.get(socket) ?? 0) + more;
    underWay.set(socket, requests);
    if (requests === 0 && !socket.destroyed) idle.add(socket);
    else idle.delete(socket);
  };
  server.on("connection", (socket: Socket) => {
    count(socket, 0);
    socket.once("close", () => idle.delete(socket));
  });
  server.on("request", ({ socket }, response) => {
    count(socket, 1);
    response.once("close", () => count(socket, -1));
  });
  return idle;
}

function refusal(error: NodeJS.ErrnoException, port: number, host: string): string {
  if (error.code === "EADDRINUSE")
    return `PORT ${port} is taken: stop the program that listens there, or set PORT to another port`;
  if (error.code === "EACCES")
    return `PORT ${port} is not open to this user: set PORT to one that is, such as 3000`;
  return `HOST ${host} is no address to listen on here (${error.message})`;
}
