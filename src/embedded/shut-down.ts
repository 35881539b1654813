import { setTimeout as sleep } from "node:timers/promises";

const FAST_SHUTDOWN_MS = 10_000;
const IMMEDIATE_SHUTDOWN_MS = 15_000;

/** Fast shutdown; if that takes too long an immediate one, after which the next start replays the log. */
export async function shutDown(
  kill: (signal: NodeJS.Signals) => void,
  isGone: () => boolean | Promise<boolean>,
): Promise<void> {
  if ((await endsBy("SIGINT", FAST_SHUTDOWN_MS)) || (await endsBy("SIGQUIT", IMMEDIATE_SHUTDOWN_MS))) return;
  throw new Error("The embedded Postgres does not stop; end its processes by hand and start again.");

  async function endsBy(signal: NodeJS.Signals, within: number): Promise<boolean> {
    const deadline = Date.now() + within;
    try {
      kill(signal);
    } catch (error) {
      if (!(await isGone())) throw error;
    }
    while (!(await isGone())) {
      if (Date.now() > deadline) return false;
      await sleep(10);
    }
    return true;
  }
}
