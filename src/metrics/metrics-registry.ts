import { collectDefaultMetrics, Registry } from "prom-client";
import type { Context } from "../context.ts";
import { backlogMetrics } from "./backlog-metrics.ts";
import { buildMetrics } from "./build-metrics.ts";
import { funnelMetrics } from "./funnel-metrics.ts";
import { poolMetrics } from "./pool-metrics.ts";

/**
 * What `/metrics` tells beside its requests. Of tenants it counts what there is and names nothing: no label holds an id,
 * a name, an address or a host. The pool goes before what takes of it.
 */
export function metricsRegistry(context: Pick<Context, "db" | "log">): Registry {
  const registry = new Registry();
  buildMetrics(registry);
  collectDefaultMetrics({ register: registry });
  poolMetrics(registry, context.db);
  backlogMetrics(registry, context);
  funnelMetrics(registry, context);
  return registry;
}
