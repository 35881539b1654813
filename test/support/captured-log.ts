import { Writable } from "node:stream";
import { pino } from "pino";
import type { Log } from "../../src/log.ts";

export interface Line {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** Creates a log that keeps its warnings and errors as written. */
export function capturedLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const written = new Writable({
    write(chunk, _, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { log: pino({ level: "warn" }, written), lines };
}
