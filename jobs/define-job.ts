import { z } from "zod";
import type { Context } from "../src/context.ts";
import type { DeliveryRunner } from "../src/mail/delivery-runner.ts";
import type { QueueName } from "./queues.ts";

/** What a job may use. Nothing comes from the request that woke it. */
export interface JobContext extends Context {
  deliveries: DeliveryRunner;
  /** True once the process was asked to stop: the job then finishes its chunk and leaves the rest. */
  stopping(): boolean;
}

export interface Job {
  queue: QueueName;
  name: string;
  /** Milliseconds between scheduled runs. */
  every?: (settings: Context["settings"]) => number;
  run(context: JobContext, payload: unknown): Promise<void>;
}

/** Jobs carry no data, because the rows say what is due. Another version may add members. */
const Payload = z.object({});

export function defineJob(job: Omit<Job, "run"> & { run(context: JobContext): Promise<void> }): Job {
  return {
    ...job,
    async run(context, payload) {
      Payload.parse(payload);
      await job.run(context);
    },
  };
}
