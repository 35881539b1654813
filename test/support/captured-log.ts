import { Writable } from "node:stream";
import { pino } from "pino";
import type { Log } from "../../src/log.ts";

export interface Line {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** A log that keeps its warnings and errors as they were written. */
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
