import { Gauge, type Registry } from "prom-client";
import type { Context } from "../context.ts";
import { databaseReading } from "./database-reading.ts";

/** What waits to be done, in all environments. */
const BACKLOG = {
  deliveries_due: "Mails a worker may take now.",
  oldest_due_delivery_seconds: "How long the oldest of them has been due.",
  invitations_overdue:
    "Pending invitations past their expiry that are not written down as expired yet, nor removed with their organization.",
  organization_deletions_unfinished: "Organizations that are being taken apart.",
  invitation_batches_unfinished: "Batches of invitations that are queued or running.",
} as const;

/** Each by a partial index that has what waits, and nothing of what is done. */
const COUNT_BACKLOG = `
  select
    (select count(*) from mail_deliveries where due_at <= now()) as deliveries_due,
    (select coalesce(extract(epoch from now() - min(due_at)), 0)::float8 from mail_deliveries where due_at <= now())
      as oldest_due_delivery_seconds,
    (select count(*) from invitations where status = 'pending' and expires_at <= now()) as invitations_overdue,
    (select count(*) from organization_deletions where state = 'detaching') as organization_deletions_unfinished,
    (select count(*) from invitation_batches where status in ('queued', 'running')) as invitation_batches_unfinished`;

/**
 * How much waits for the workers, which don't listen themselves, and whether the database told. What it did not tell is
 * absent: nobody knows that it is 0.
 */
export function backlogMetrics(registry: Registry, context: Pick<Context, "db" | "log">): void {
  const reading = databaseReading(context, async (query) => {
    const [backlog] = await query<Record<keyof typeof BACKLOG, number>>(COUNT_BACKLOG, []);
    return backlog;
  });
  new Gauge({
    name: "guildhall_database_up",
    help: "Whether the database answered, and had a connection free: without it the gauges that are read from it are absent.",
    registers: [registry],
    async collect() {
      this.set((await reading()) === undefined ? 0 : 1);
    },
  });
  for (const [name, help] of Object.entries(BACKLOG) as Array<[keyof typeof BACKLOG, string]>) {
    new Gauge({
      name: `guildhall_${name}`,
      help,
      registers: [registry],
      async collect() {
        const backlog = await reading();
        if (backlog === undefined) this.remove();
        else this.set(backlog[name]);
      },
    });
  }
}
