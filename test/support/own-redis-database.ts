import { Redis } from "ioredis";
import { inject } from "vitest";

/** The URL of a Redis database of the caller's own. Redis itself counts, so that no two of a run share one. */
export async function ownRedisDatabase(): Promise<string> {
  const url = inject("redisUrl") ?? "";
  const counter = new Redis(url);
  const number = await counter.incr("databases-given");
  counter.disconnect();
  return `${url}/${number}`;
}
