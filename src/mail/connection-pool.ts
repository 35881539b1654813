import { createAdaptiveLimit } from "../lib/adaptive-limit.ts";
import type { SmtpConnection } from "./smtp-connection.ts";

/** Working SMTP connections per process, unless SMTP_CONNECTIONS says otherwise. */
const CONNECTIONS = 10;
/** Additional connections that replace hanging ones, so that a slow reply doesn't hold up other emails. */
const SPARE = 20;
/** Milliseconds without a result after which a connection counts as hanging. */
const HANGS = 12_000;

export type ConnectionPool = ReturnType<typeof createConnectionPool>;

/**
 * Opens SMTP connections as needed, fewer if the server wants fewer, and lends them out.
 * @param connections the most connections, including hanging ones.
 * @param relieved called when another connection may work in place of a hanging one.
 */
export function createConnectionPool(
  open: () => SmtpConnection,
  relieved: () => void,
  connections: number | undefined,
) {
  const spare = connections === undefined ? SPARE : 0;
  const limit = createAdaptiveLimit(connections ?? CONNECTIONS, (count) => count + 1);
  const all = new Set<SmtpConnection>();
  const free: SmtpConnection[] = [];
  const hung = new Set<SmtpConnection>();
  const waiting: Array<(connection: SmtpConnection) => void> = [];
  let closed = false;

  function lend(): void {
    while (waiting.length > 0 && all.size - free.length - hung.size < limit.now()) waiting.shift()?.(take());
  }

  /** Prefers a connected one, because a server that counts connections also counts idle ones. */
  function take(): SmtpConnection {
    const [idle] = free.splice(
      free.findLastIndex((connection) => connection.connected()),
      1,
    );
    if (idle !== undefined) return idle;
    const fresh = open();
    all.add(fresh);
    if (closed) fresh.close();
    return fresh;
  }

  function drop(connection: SmtpConnection): void {
    all.delete(connection);
    connection.close();
  }

  function connected(): number {
    return [...all].filter((connection) => connection.connected() && !hung.has(connection)).length;
  }

  return {
    /** Waits for a free connection and lends it to `work`. Closes it afterwards if it hung. */
    async use<Result>(work: (connection: SmtpConnection) => Promise<Result>): Promise<Result> {
      const connection = await new Promise<SmtpConnection>((resolve) => {
        waiting.push(resolve);
        lend();
      });
      const relief = setTimeout(() => {
        if (hung.size >= spare) return;
        hung.add(connection);
        relieved();
        lend();
      }, HANGS).unref();
      try {
        return await work(connection);
      } finally {
        clearTimeout(relief);
        if (hung.delete(connection)) drop(connection);
        else if (all.has(connection)) free.push(connection);
        if (connection.connected()) limit.allow(connected());
        lend();
      }
    },
    /** Returns how many connections may work at once, not counting hanging ones. */
    size: () => limit.now(),
    hanging: () => hung.size,
    /**
     * Returns true if this connection was lost while others stay connected. The server then wants no more than those,
     * so the limit goes down to their number.
     */
    crowdedOut(connection: SmtpConnection): boolean {
      if (connection.connected()) return false;
      const others = connected();
      // Without others, the number of connections can't be the reason.
      if (others === 0) limit.reset();
      else limit.lower(others);
      return others > 0;
    },
    /** Closes a connection, so that the next attempt opens a new one. */
    renew: drop,
    close(): void {
      closed = true;
      for (const connection of all) connection.close();
    },
  };
}
