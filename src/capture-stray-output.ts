import { format } from "node:util";
import { createRareWarnings } from "./lib/warn-rarely.ts";
import type { Log } from "./log.ts";

/**
 * Makes log lines of what doesn't come from us: Node's warnings, what libraries print, and the error that ends the process.
 * Whoever collects our lines then finds nothing else among them.
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
    log.fatal({ err: error }, "an error nobody caught ends the process");
    process.exit(1);
  });
}
