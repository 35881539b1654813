import type { Knex } from "knex";
import { Gauge, type Registry } from "prom-client";

/** What knex's pool tells of itself. */
interface Pool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** How much of this process's connections to the database is in use, and who waits for one. */
export function poolMetrics(registry: Registry, db: Knex): void {
  // Once the database is closed there is no pool any more.
  const pool = (): Pool | undefined => db.client.pool;
  new Gauge({
    name: "guildhall_database_connections",
    help: "Connections of this process to the database, by whether somebody uses them.",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      this.set({ state: "used" }, pool()?.numUsed() ?? 0);
      this.set({ state: "free" }, pool()?.numFree() ?? 0);
    },
  });
  new Gauge({
    name: "guildhall_database_pending_acquires",
    help: "Who waits for a connection to the database because all of them are in use.",
    registers: [registry],
    collect() {
      this.set(pool()?.numPendingAcquires() ?? 0);
    },
  });
}
