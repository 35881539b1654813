import { type Logger, pino } from "pino";

export type Log = Logger;

/**
 * JSON lines on stderr. `error`: somebody must act; `warn`: it mends itself, but look if it goes on; `info`: what a
 * process does in its life; `debug`: what each request and job did. A healthy day has no errors and few warnings.
 * Bodies, headers, links and tokens are never handed to it, so there is nothing to redact.
 */
export function createLog(level: string, process: string): Log {
  const options = {
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: tellError },
  };
  return pino(options, pino.destination(2));
}

/** What helps to mend it. Not the error's other properties: pg hangs its whole connection on an error. */
function tellError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name: type, message, stack } = error;
  return { type, message, stack, ...("code" in error ? { code: error.code } : {}) };
}
