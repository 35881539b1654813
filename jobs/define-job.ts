import type { z } from "zod";
import type { Context } from "../src/context.ts";
import type { DeliveryRunner } from "../src/mail/delivery-runner.ts";
import type { QueueName } from "./queues.ts";

/** What a job may use. It carries its own context: nothing comes from the request that gave the hint. */
export interface JobContext extends Context {
  deliveries: DeliveryRunner;
  /** True once the process was asked to stop: finish the batch and leave the rest. */
  stopping(): boolean;
}

export interface Job<Payload = unknown> {
  queue: QueueName;
  name: string;
  /** Parsed on arrival: a payload may have been written by an older version. */
  payload: z.ZodType<Payload>;
  /** Runs by itself, every so many milliseconds. */
  every?: (settings: Context["settings"]) => number;
  run(context: JobContext, payload: Payload): Promise<void>;
}

export function defineJob<Payload>(job: Job<Payload>): Job {
  return { ...job, run: async (context, payload) => job.run(context, job.payload.parse(payload)) };
}
