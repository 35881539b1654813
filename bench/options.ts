/** How much is measured. Each number can be changed by a variable of the environment, for a shorter or a longer run. */
export const options = {
  /** How long each round of requests takes. */
  seconds: numberFrom("BENCH_SECONDS", 2),
  rounds: numberFrom("BENCH_ROUNDS", 3),
  /** HTTP connections that ask at the same time. */
  connections: numberFrom("BENCH_CONNECTIONS", 32),
  /** Emails of each round of `mail` and `worker`. */
  emails: numberFrom("BENCH_EMAILS", 1_500),
  /** Measurements of `latency`. */
  samples: numberFrom("BENCH_SAMPLES", 100),
  /** Rows of `batch`. */
  batchRows: numberFrom("BENCH_BATCH_ROWS", 10_000),
  /** Rows of `expire`, `detach` and `beside`. */
  rows: numberFrom("BENCH_ROWS", 100_000),
  /** Emails of `memory`. */
  memoryEmails: numberFrom("BENCH_MEMORY_EMAILS", 20_000),
};

export type Options = typeof options;

function numberFrom(variable: string, fallback: number): number {
  const value = Number(process.env[variable] ?? fallback);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${variable} must be a positive whole number`);
}
