import { compileMails } from "./compile-mails.ts";
import type { CompilingEnded } from "./compile-mails-apart.ts";

/** The program that `compileMailsApart` runs: it ends when whoever started it has heard, or is gone. */
process.on("disconnect", () => process.exit());
// A terminal's Ctrl-C reaches this, too.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});

const ended: CompilingEnded = await compileMails().then(
  (sources) => ({ sources }),
  (error) => ({ broken: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
);
process.send?.(ended, () => process.exit());
