import type { z } from "zod";
import type { Context } from "../src/context.ts";
import type { DeliveryRunner } from "../src/mail/delivery-runner.ts";
import type { QueueName } from "./queues.ts";

/** What a job may use. Nothing comes from the request that woke it. */
export interface JobContext extends Context {
  deliveries: DeliveryRunner;
  /** True once the process was asked to stop: the job then finishes its chunk and leaves the rest. */
  stopping(): boolean;
}

export interface Job<Payload = unknown> {
  queue: QueueName;
  name: string;
  /** Parsed on arrival, because an older version may have written it. */
  payload: z.ZodType<Payload>;
  /** Milliseconds between scheduled runs. */
  every?: (settings: Context["settings"]) => number;
  run(context: JobContext, payload: Payload): Promise<void>;
}

export function defineJob<Payload>(job: Job<Payload>): Job {
  return { ...job, run: async (context, payload) => job.run(context, job.payload.parse(payload)) };
}
