import type { Socket } from "node:net";

export interface Patience {
  /** Milliseconds an answer may take. */
  answer: number;
  /** Milliseconds after which an unused connection is pinged. The reply may take as long. */
  idle: number;
}

/** The parts of pg's client that its types don't mention. */
interface WatchedClient {
  readyForQuery: boolean;
  getTransactionStatus(): string | null;
  query(text: string, done: (error: Error | null) => void): unknown;
  connection: {
    stream: Socket;
    on(event: "errorMessage", listener: (message: { code: string }) => void): void;
    on(event: "readyForQuery", listener: (message: { status: string }) => void): void;
  };
}

/**
 * Errors after which a connection is useless: the server takes no writes, because the primary came back as a replica
 * (25006), or a migration changed what a prepared statement returns (0A000).
 */
const USELESS = new Set(["25006", "0A000"]);

/** Milliseconds for reading data that has already arrived, in case it was this process that stood still. */
const CATCH_UP = 50;

/**
 * Ends a connection whose server has vanished. When a host disappears or a firewall drops a connection, TCP takes a
 * quarter of an hour to notice. So an answer that takes too long ends the connection, and the waiting caller gets
 * ETIMEDOUT. Unused connections are pinged, so that a pool holds no dead ones. Useless connections are ended too.
 * @param client a connected client of pg.
 * @param patience its `answer` may change later.
 */
export function watchConnection(client: object, patience: Patience): void {
  const watched = client as WatchedClient;
  const { connection } = watched;
  const { stream } = connection;
  const { idle } = patience;
  let bytes = 0;
  let silence = 0;
  let isPing = false;

  // Fires when nothing was read or written for that long.
  stream.setTimeout(idle).on("timeout", () => {
    stream.setTimeout(idle);
    const now = stream.bytesRead + stream.bytesWritten;
    silence = now === bytes ? silence + idle : idle;
    bytes = now;
    if (!watched.readyForQuery) {
      if (silence >= (isPing ? idle : patience.answer)) dropIfStillSilent();
    } else if (watched.getTransactionStatus() === "I") ping();
  });

  function dropIfStillSilent(): void {
    const { bytesRead } = stream;
    setTimeout(() => {
      if (stream.bytesRead === bytesRead) end("The database stopped answering.", "ETIMEDOUT");
    }, CATCH_UP);
  }

  function ping(): void {
    isPing = true;
    watched.query("", (error) => {
      isPing = false;
      if (error !== null) stream.destroy();
    });
  }

  let useless: string | undefined;
  connection.on("errorMessage", ({ code }) => {
    if (USELESS.has(code)) useless = code;
  });
  // Only once the transaction has been rolled back, so that the caller gets the original error.
  connection.on("readyForQuery", ({ status }) => {
    if (useless !== undefined && status === "I") end("This connection can't be used any more.", useless);
  });

  function end(message: string, code: string): void {
    stream.destroy(Object.assign(new Error(message), { code }));
  }
}
