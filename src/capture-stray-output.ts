import { format } from "node:util";
import { createRareWarnings } from "./lib/warn-rarely.ts";
import type { Log } from "./log.ts";

/**
 * Turns other output into log lines: Node's warnings, anything that libraries print, and the error that ends the
 * process. So all output is JSON lines.
 */
export function captureStrayOutput(log: Log): void {
  const warn = createRareWarnings(log);
  process.removeAllListeners("warning");
  process.on("warning", (warning) =>
    warn(`${warning.name}: ${warning.message}`, { err: warning }, "warning"),
  );
  for (const method of ["log", "info", "debug"] as const)
    console[method] = (...words: unknown[]) => log.info({ printed: format(...words) }, "printed");
  for (const method of ["warn", "error", "trace"] as const)
    console[method] = (...words: unknown[]) => log.warn({ printed: format(...words) }, "printed");
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "an uncaught error ends the process");
    process.exit(1);
  });
}
