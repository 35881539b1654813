import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import type Koa from "koa";
import { ConfigError } from "../config/read-config.ts";

/** Milliseconds for the headers of a request, and for all of it. */
const HEADERS_TIME = 10_000;
const REQUEST_TIME = 30_000;
/** The most milliseconds without a byte in either direction. */
const SILENCE = 20_000;
/** Milliseconds from a request's headers to the last byte of its response. Cuts off clients that read a byte at a time. */
const ANSWER_TIME = 90_000;
/** The most connections at once. Each may hold a small body and a response. */
const CONNECTIONS = 2_000;
/** The most requests that a connection may send before they are answered. */
const AHEAD = 32;

export interface RunningServer {
  port: number;
  /** Takes no new requests, and waits at most `grace` milliseconds for those in progress. */
  stop(grace: number): Promise<void>;
}

/**
 * Starts listening.
 * @throws ConfigError if the port is taken or not allowed, or the host isn't an address of this machine.
 */
export async function serve<State>(
  app: Koa<State>,
  { port, host, silence = SILENCE }: { port: number; host: string; silence?: number },
): Promise<RunningServer> {
  const server = createServer({
    headersTimeout: HEADERS_TIME,
    requestTimeout: REQUEST_TIME,
    // How often Node checks for late requests. The default is 30 s.
    connectionsCheckingInterval: 1_000,
  });
  server.maxConnections = CONNECTIONS;
  // `deadline` answers a request whose connection has been silent for that long. Other silent connections are closed.
  server.setTimeout(silence);
  const idle = takeTurns(server, app.callback());
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
      // A kept-alive connection becomes idle only after its request is answered.
      const again = setInterval(closeIdle, 50);
      const limit = setTimeout(() => server.closeAllConnections(), grace);
      await closed;
      clearInterval(again);
      clearTimeout(limit);
    },
  };
}

/**
 * Checks that the service could listen, so that a taken port is reported before anything is created.
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
  // Without a host, Node uses `::`, or `0.0.0.0` if there is no IPv6.
  server.listen(port, host === "::" ? undefined : host);
  await once(server, "listening").catch((error) => {
    throw new ConfigError(refusal(error, port, host), { cause: error });
  });
}

/**
 * Answers the requests of a connection one after another, so that it holds only one response. Closes a connection
 * that sends too many requests ahead.
 * @returns the connections without a request in progress. Node's own `closeIdleConnections` leaves those open that
 *   never sent a request, and browsers open such connections in advance.
 */
function takeTurns(server: Server, handle: RequestListener): Set<Socket> {
  const idle = new Set<Socket>();
  const lines = new WeakMap<Socket, Array<() => void>>();
  server.on("connection", (socket: Socket) => {
    idle.add(socket);
    lines.set(socket, []);
    // Node creates an error with a useless stack for each request of a lost connection. Without the stacks, clients that send
    // thousands of requests ahead cost half as much.
    const { stackTraceLimit } = Error;
    socket.prependOnceListener("close", () => {
      Error.stackTraceLimit = 0;
    });
    socket.once("close", () => {
      Error.stackTraceLimit = stackTraceLimit;
      idle.delete(socket);
    });
  });
  server.on("request", (request, response) => {
    const { socket } = request;
    const line = lines.get(socket) ?? [];
    if (line.length === AHEAD) return void socket.destroy();
    const begin = () => {
      const limit = setTimeout(() => socket.destroy(), ANSWER_TIME);
      response.once("close", () => {
        clearTimeout(limit);
        line.shift();
        if (socket.destroyed) return;
        if (line[0] === undefined) idle.add(socket);
        else line[0]();
      });
      handle(request, response);
    };
    idle.delete(socket);
    line.push(begin);
    // Begins after all data that arrived together was read, so that clients that send too much are cut off before
    // they cost anything.
    if (line.length === 1) process.nextTick(() => socket.destroyed || begin());
  });
  return idle;
}

function refusal(error: NodeJS.ErrnoException, port: number, host: string): string {
  if (error.code === "EADDRINUSE")
    return `PORT ${port} is taken: stop the program that listens there, or set PORT to another port`;
  if (error.code === "EACCES")
    return `PORT ${port} is not open to this user: set PORT to one that is, such as 3000`;
  return `HOST ${host} is not an address of this machine (${error.message})`;
}
