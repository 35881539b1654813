import { createResourcePool } from "../lib/resource-pool.ts";
import type { SmtpLane } from "./smtp-lane.ts";

/** SMTP connections per process that work. */
export const LANES = 10;
/** With those that hang: one that waits for a reply must not keep the others from working. */
const MOST_LANES = 30;
/** Milliseconds after which a lane counts as hanging, and another is opened in its place. */
const HANGS = 12_000;

export interface SmtpLanes {
  /** Waits for a free lane and lends it to `work`. One that hung meanwhile is closed afterwards. */
  use<Result>(work: (lane: SmtpLane) => Promise<Result>): Promise<Result>;
  /** How many hang now. */
  hanging(): number;
  close(): void;
}

/** @param relieved is called when another lane was opened for one that hangs. */
export function createSmtpLanes(open: () => SmtpLane, relieved: () => void): SmtpLanes {
  const lanes = new Set(Array.from({ length: LANES }, open));
  const pool = createResourcePool([...lanes]);
  let hanging = 0;

  function relieve(): void {
    hanging += 1;
    const lane = open();
    lanes.add(lane);
    pool.add(lane);
    relieved();
  }

  function retire(lane: SmtpLane): void {
    hanging -= 1;
    lanes.delete(lane);
    lane.close();
  }

  return {
    use(work) {
      let hangs = false;
      return pool.use(
        async (lane) => {
          const relief = setTimeout(() => {
            hangs = lanes.size < MOST_LANES;
            if (hangs) relieve();
          }, HANGS).unref();
          try {
            return await work(lane);
          } finally {
            clearTimeout(relief);
            if (hangs) retire(lane);
          }
        },
        () => !hangs,
      );
    },
    hanging: () => hanging,
    close() {
      for (const lane of lanes) lane.close();
    },
  };
}
