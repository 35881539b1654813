import type { Middleware } from "koa";
import { Gauge, Histogram, type Registry } from "prom-client";

/** Seconds. Most requests take a few milliseconds, and no caller waits longer than some seconds. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/**
 * Counts and times every request. Labels take few values: a route is named by its declared path, without ids, and a
 * request that matched no route is `other`.
 */
export function meterRequests(registry: Registry): Middleware {
  const duration = new Histogram({
    name: "guildhall_http_request_duration_seconds",
    help: "Duration of requests in seconds, by the declared path of their route.",
    labelNames: ["method", "route", "status"],
    buckets: BUCKETS,
    registers: [registry],
  });
  let inFlight = 0;
  new Gauge({
    name: "guildhall_http_requests_in_flight",
    help: "In-flight requests, including this scrape.",
    registers: [registry],
    collect() {
      this.set(inFlight);
    },
  });

  return async (ctx, next) => {
    const startedAt = performance.now();
    inFlight += 1;
    try {
      await next();
    } finally {
      inFlight -= 1;
      // The router leaves the path of the matched route here, which is a pattern.
      const matched: unknown = ctx._matchedRoute;
      const route = typeof matched === "string" ? matched : "other";
      const method = METHODS.has(ctx.method) ? ctx.method : "other";
      duration.observe({ method, route, status: ctx.status }, (performance.now() - startedAt) / 1_000);
    }
  };
}
