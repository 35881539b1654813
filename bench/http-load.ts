import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Sends requests over a number of kept-alive connections, each sending its next as soon as it has its answer (a closed
 * loop).
 * @returns how long each took, in milliseconds.
 * @throws at the first unsuccessful response.
 */
export async function drive(
  port: number,
  requests: Iterator<string>,
  connections: number,
): Promise<number[]> {
  const milliseconds: number[] = [];
  await overConnections(port, connections, async (ask) => {
    for (let next = requests.next(); !next.done; next = requests.next()) {
      const sentAt = performance.now();
      await ask(next.value);
      milliseconds.push(performance.now() - sentAt);
    }
  });
  return milliseconds;
}

/**
 * Sends requests at an even pace until it is stopped, without waiting for responses (an open loop).
 * @returns how long each took, in milliseconds. One that found every connection busy waited since it was due.
 * @throws at the first unsuccessful response.
 */
export async function sampleAtPace(
  port: number,
  requests: Iterator<string>,
  { connections, perSecond, stopped }: { connections: number; perSecond: number; stopped(): boolean },
): Promise<number[]> {
  const milliseconds: number[] = [];
  const startedAt = performance.now();
  let due = startedAt;
  await overConnections(port, connections, async (ask) => {
    while (!stopped()) {
      due += 1_000 / perSecond;
      const begin = due;
      const early = begin - performance.now();
      if (early > 0) await sleep(early);
      const next = requests.next();
      if (next.done) return;
      // A late timer of ours is not the service's fault.
      const sentAt = early > 0 ? performance.now() : begin;
      await ask(next.value);
      milliseconds.push(performance.now() - sentAt);
    }
  });
  return milliseconds;
}

type Ask = (request: string) => Promise<void>;

async function overConnections(port: number, count: number, use: (ask: Ask) => Promise<void>): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const { ask, close } = await openConnection(port);
      await use(ask).finally(close);
    }),
  );
}

/** Speaks just enough HTTP to find the end of a response, so that measuring costs little. */
async function openConnection(port: number): Promise<{ ask: Ask; close(): void }> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true }).setEncoding("latin1");
  await once(socket, "connect");
  let answer = "";
  let settle: { resolve(): void; reject(error: Error): void } | undefined;
  const fail = (error: Error) => settle?.reject(error);
  socket.on("error", fail);
  socket.on("end", () => fail(new Error(`The server hung up: ${answer}`)));
  socket.on("data", (chunk: string) => {
    answer += chunk;
    const head = answer.indexOf("\r\n\r\n");
    if (head === -1) return;
    if (!isWhole(answer, head)) return;
    if (!answer.startsWith("HTTP/1.1 2")) return fail(new Error(answer));
    answer = "";
    settle?.resolve();
  });
  return {
    ask(request) {
      const answered = new Promise<void>((resolve, reject) => {
        settle = { resolve, reject };
      });
      socket.write(request);
      return answered;
    },
    close: () => void socket.destroy(),
  };
}

/** Whether a response is there to its end: by its length, or by the last chunk. @param head where its headers end. */
function isWhole(answer: string, head: number): boolean {
  const length = /content-length: (\d+)/i.exec(answer)?.[1];
  return length === undefined ? answer.endsWith("\r\n0\r\n\r\n") : answer.length >= head + 4 + Number(length);
}

/** A request as it goes over the wire, with a JSON document or without a body. */
export function requestText(
  method: string,
  path: string,
  headers: Record<string, string>,
  document?: object,
): string {
  const body = document === undefined ? "" : JSON.stringify(document);
  const length = body === "" ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  const lines = Object.entries({ Host: "localhost", ...headers, ...length });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}
