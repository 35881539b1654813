import { remember } from "./remember.ts";

/** Anything that takes log lines as pino does. */
interface Lines {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Logs a warning, or counts it if one with the same cause was logged within the last minute. */
export type WarnRarely = (cause: string, fields: object, message: string) => void;

const MINUTE = 60_000;
/** The most causes to remember. A cause may contain text from another service, so their number has no natural bound. */
const MOST_CAUSES = 1_000;

/**
 * Creates a logger for warnings that repeat, such as those of loops, retries and connections. Logs one line per cause
 * and minute. The next line says how many were held back, so that a fault neither floods the log nor goes unnoticed.
 * @param level `error` where somebody must act.
 * @param now milliseconds, injected by tests.
 * @returns a function whose first argument names the cause.
 */
export function createRareWarnings(
  log: Lines,
  { level = "warn", now = () => performance.now() }: { level?: keyof Lines; now?: () => number } = {},
): WarnRarely {
  const causes = new Map<string, { silentUntil: number; heldBack: number }>();
  return (cause, fields, message) => {
    const last = causes.get(cause);
    if (last !== undefined && now() < last.silentUntil) {
      last.heldBack += 1;
      return;
    }
    remember(causes, cause, { silentUntil: now() + MINUTE, heldBack: 0 }, MOST_CAUSES);
    const heldBack = last?.heldBack ?? 0;
    log[level](heldBack === 0 ? fields : { ...fields, held_back: heldBack }, message);
  };
}
