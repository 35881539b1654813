import { createCarefulLimit } from "../lib/careful-limit.ts";
import type { SmtpLane } from "./smtp-lane.ts";

/** SMTP connections per process that work, unless SMTP_CONNECTIONS says otherwise. */
const LANES = 10;
/** More, in place of those that hang: one that waits for a reply must not keep the others from working. */
const SPARE = 20;
/** Milliseconds after which a lane counts as hanging. */
const HANGS = 12_000;

export interface SmtpLanes {
  /** Waits for a free lane and lends it to `work`. One that hung meanwhile is closed afterwards. */
  use<Result>(work: (lane: SmtpLane) => Promise<Result>): Promise<Result>;
  /** How many work at once, besides those that hang. */
  size(): number;
  /** How many hang now. */
  hanging(): number;
  /**
   * Whether a lane has no connection while others have: then the server wants no more than those, and they alone go on.
   */
  crowdedOut(lane: SmtpLane): boolean;
  /** Closes a lane, so that the next attempt opens a new connection. */
  renew(lane: SmtpLane): void;
  close(): void;
}

/**
 * @param connections the most there may be, hanging or not.
 * @param relieved is called when another lane may work in place of one that hangs.
 */
export function createSmtpLanes(
  open: () => SmtpLane,
  relieved: () => void,
  connections: number | undefined,
): SmtpLanes {
  const most = connections ?? LANES;
  const spare = connections === undefined ? SPARE : 0;
  const limit = createCarefulLimit(most, (count) => count + 1);
  const lanes = new Set<SmtpLane>();
  const free: SmtpLane[] = [];
  const hung = new Set<SmtpLane>();
  const waiting: Array<(lane: SmtpLane) => void> = [];
  let closed = false;

  function lend(): void {
    while (waiting.length > 0 && lanes.size - free.length - hung.size < limit.now())
      waiting.shift()?.(take());
  }

  /** One that is connected, if there is one: an idle connection counts, too, for a server that counts them. */
  function take(): SmtpLane {
    const [lane] = free.splice(
      free.findLastIndex((lane) => lane.connected()),
      1,
    );
    if (lane !== undefined) return lane;
    const fresh = open();
    lanes.add(fresh);
    if (closed) fresh.close();
    return fresh;
  }

  function drop(lane: SmtpLane): void {
    lanes.delete(lane);
    lane.close();
  }

  function connected(): number {
    return [...lanes].filter((lane) => lane.connected() && !hung.has(lane)).length;
  }

  return {
    async use(work) {
      const lane = await new Promise<SmtpLane>((resolve) => {
        waiting.push(resolve);
        lend();
      });
      const relief = setTimeout(() => {
        if (hung.size >= spare) return;
        hung.add(lane);
        relieved();
        lend();
      }, HANGS).unref();
      try {
        return await work(lane);
      } finally {
        clearTimeout(relief);
        if (hung.delete(lane)) drop(lane);
        else if (lanes.has(lane)) free.push(lane);
        if (lane.connected()) limit.allow(connected());
        lend();
      }
    },
    size: () => limit.now(),
    hanging: () => hung.size,
    crowdedOut(lane) {
      if (lane.connected()) return false;
      const others = connected();
      // None: it is not the number of connections that the server objects to.
      if (others === 0) limit.reset();
      else limit.lower(others);
      return others > 0;
    },
    renew: drop,
    close() {
      closed = true;
      for (const lane of lanes) lane.close();
    },
  };
}
