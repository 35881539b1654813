import { benchBatch } from "./batch.ts";
import { benchDetach } from "./detach.ts";
import { benchPipeline } from "./pipeline.ts";
import { benchRequests } from "./requests.ts";
import { openStage } from "./stage.ts";
import { describeMachine, printTable } from "./table.ts";
import { benchWorkerMemory } from "./worker-memory.ts";

/** `npm run bench`: our ratios against bare code, on this machine, now. Shorter runs: `BENCH_REQUESTS=500 BENCH_MAILS=200 BENCH_ROWS=20000`. */
const options = {
  requests: numberFrom("BENCH_REQUESTS", 2_500),
  mails: numberFrom("BENCH_MAILS", 1_200),
  samples: numberFrom("BENCH_SAMPLES", 100),
  rows: numberFrom("BENCH_ROWS", 200_000),
  rounds: numberFrom("BENCH_ROUNDS", 3),
  connections: numberFrom("BENCH_CONNECTIONS", 32),
  batchRows: numberFrom("BENCH_BATCH_ROWS", 10_000),
  remembered: numberFrom("BENCH_MEMORY_MAILS", 20_000),
};

const stage = await openStage();
let closing: Promise<void> | undefined;
const close = () => {
  closing ??= stage.close();
  return closing;
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => void close().then(() => process.exit(130)));

try {
  console.log(describeMachine());
  console.log(
    `medians (and extremes) of ${options.rounds} rounds in turns, each of ${options.requests} requests, ${options.mails} mails or ${options.rows} rows,`,
  );
  console.log(`over ${options.connections} HTTP connections; ${options.samples} samples of latency\n`);
  printTable([
    ...(await benchRequests(stage, options)),
    ...(await benchPipeline(stage, options)),
    ...(await benchBatch(stage, { rows: options.batchRows })),
    ...(await benchWorkerMemory(stage, { mails: options.remembered })),
    ...(await benchDetach(stage, options)),
  ]);
} finally {
  await close();
}

function numberFrom(variable: string, fallback: number): number {
  const value = Number(process.env[variable] ?? fallback);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${variable} must be a positive whole number`);
}
