import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import type Koa from "koa";
import { ConfigError } from "../config/read-config.ts";

/** Milliseconds for the headers of a request, and for all of it. */
const HEADERS_TIME = 10_000;
const REQUEST_TIME = 30_000;
/** Milliseconds in which a byte must move, one way or the other. */
const SILENCE = 20_000;
/** Milliseconds from a request's headers to the last byte of its answer: a reader must not take a byte at a time. */
const ANSWER_TIME = 90_000;
/** Connections at once: each may hold a small body and an answer. */
const CONNECTIONS = 2_000;
/** The most requests that one connection may send ahead of their answers. */
const AHEAD = 32;

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
  { port, host, silence = SILENCE }: { port: number; host: string; silence?: number },
): Promise<RunningServer> {
  const server = createServer({
    headersTimeout: HEADERS_TIME,
    requestTimeout: REQUEST_TIME,
    // How often Node checks for late requests; every 30 s by default.
    connectionsCheckingInterval: 1_000,
  });
  server.maxConnections = CONNECTIONS;
  // `deadline` answers a request whose connection has been silent for so long; any other connection is closed.
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
 * Answers the requests of one connection one after another, so that it holds one answer at a time, and closes a connection
 * that sends too many requests ahead.
 * @returns connections without a request under way. Node's own `closeIdleConnections` spares those that never sent one, and
 *   browsers open such connections in advance.
 */
function takeTurns(server: Server, handle: RequestListener): Set<Socket> {
  const idle = new Set<Socket>();
  const lines = new WeakMap<Socket, Array<() => void>>();
  server.on("connection", (socket: Socket) => {
    idle.add(socket);
    lines.set(socket, []);
    // Node makes an error with a useless stack for each request of a lost connection. Without the stacks, clients that
    // send thousands of requests ahead cost half as much.
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
    // After everything that came together is read, so that clients who send too much are cut off before they cost an answer.
    if (line.length === 1) process.nextTick(() => socket.destroyed || begin());
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
