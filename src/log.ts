import { type Logger, pino } from "pino";

export type Log = Logger;

/**
 * Logs JSON lines on stderr. `error`: somebody must act. `warn`: it recovers by itself, but look if it continues. `info`:
 * the life of a process. `debug`: every request and job. A healthy day has no errors and few warnings. Code never logs
 * bodies, headers, links or tokens, so there is nothing to redact.
 */
export function createLog(level: string, process: string): Log {
  const options = {
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  };
  return pino(options, pino.destination(2));
}

/** Keeps what helps to fix the error. Omits other properties, because pg attaches its whole connection to an error. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name: type, message, stack } = error;
  return { type, message, stack, ...("code" in error ? { code: error.code } : {}) };
}
