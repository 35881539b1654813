import { Redis } from "ioredis";
import { inject } from "vitest";

/** Returns the URL of a Redis database for the caller alone. Redis itself counts, so that no two tests of a run share one. */
export async function ownRedisDatabase(): Promise<string> {
  const url = inject("redisUrl") ?? "";
  const counter = new Redis(url);
  const number = await counter.incr("databases-given");
  counter.disconnect();
  return `${url}/${number}`;
}
