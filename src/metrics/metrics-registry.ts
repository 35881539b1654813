import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Knex } from "knex";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Context } from "../context.ts";
import { packageRoot } from "../lib/package-root.ts";
import { databaseMetrics } from "./database-metrics.ts";

/**
 * Registers what `/metrics` shows besides requests. It counts tenants' data and names nothing: no label holds an id,
 * a name, an address or a host. The pool comes first, before the gauges that take a connection.
 */
export function metricsRegistry(context: Pick<Context, "db" | "log">): Registry {
  const registry = new Registry();
  buildMetrics(registry);
  collectDefaultMetrics({ register: registry });
  poolMetrics(registry, context.db);
  databaseMetrics(registry, context);
  return registry;
}

/** Always 1; the label is the information. */
function buildMetrics(registry: Registry): void {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(packageRoot(), "package.json"), "utf8"),
  );
  const gauge = new Gauge({
    name: "guildhall_build_info",
    help: "The version of Guildhall that runs.",
    labelNames: ["version"],
    registers: [registry],
  });
  gauge.set({ version }, 1);
}

/** What we read of knex's pool. */
interface Pool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** Registers how many of this process's database connections are in use, and how many callers wait for one. */
function poolMetrics(registry: Registry, db: Knex): void {
  // A closed database has no pool.
  const pool = (): Pool | undefined => db.client.pool;
  new Gauge({
    name: "guildhall_database_connections",
    help: "Database connections of this process, by whether they are in use.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      this.set({ state: "used" }, pool()?.numUsed() ?? 0);
      this.set({ state: "free" }, pool()?.numFree() ?? 0);
    },
  });
  new Gauge({
    name: "guildhall_database_pending_acquires",
    help: "Callers that wait for a database connection because all are in use.",
    registers: [registry],
    collect() {
      this.set(pool()?.numPendingAcquires() ?? 0);
    },
  });
}
