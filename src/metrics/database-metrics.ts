import { setTimeout as sleep } from "node:timers/promises";
import { Gauge, type Registry } from "prom-client";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import type { EventType } from "../events/record-events.ts";
import { earliestId } from "../lib/id.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";

/** Registers the gauges that are read from the database. */
export function databaseMetrics(registry: Registry, context: Pick<Context, "db" | "log">): void {
  backlogMetrics(registry, context);
  funnelMetrics(registry, context);
}

/** Waiting work, in all environments. */
const BACKLOG = {
  deliveries_due: "Emails that are due to be sent now.",
  oldest_due_delivery_seconds: "Seconds since the oldest due email became due.",
  invitations_overdue:
    "Pending invitations past their expiry that are not yet marked expired or deleted with their organization.",
  organization_deletions_unfinished: "Organization deletions in progress.",
  invitation_batches_unfinished: "Invitation batches that are queued or running.",
} as const;

/** Each count uses a partial index that holds only the waiting rows. */
const COUNT_BACKLOG = `
  select
    (select count(*) from mail_deliveries where due_at <= now()) as deliveries_due,
    (select coalesce(extract(epoch from now() - min(due_at)), 0)::float8 from mail_deliveries where due_at <= now())
      as oldest_due_delivery_seconds,
    (select count(*) from invitations where status = 'pending' and expires_at <= now()) as invitations_overdue,
    (select count(*) from organization_deletions where state = 'detaching') as organization_deletions_unfinished,
    (select count(*) from invitation_batches where status in ('queued', 'running')) as invitation_batches_unfinished`;

/**
 * Registers what waits for the workers, which have no `/metrics` of their own, and whether the database answered.
 * Without an answer the gauges are missing, because 0 would be a claim.
 */
function backlogMetrics(registry: Registry, context: Pick<Context, "db" | "log">): void {
  const reading = databaseReading(context, async (query) => {
    const [backlog] = await query<Record<keyof typeof BACKLOG, number>>(COUNT_BACKLOG, []);
    return backlog;
  });
  new Gauge({
    name: "guildhall_database_up",
    help: "1 if the database answered this scrape; other database gauges are missing when 0.",
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

const HOUR = 3_600_000;

interface EventCount {
  type: string;
  count: number;
}

interface DeliveryCount {
  state: string;
  kind: string;
  count: number;
}

/** Shown even at 0, because an alert may depend on it. */
const STEPS: EventType[] = [
  "invitation.created",
  "invitation.accepted",
  "invitation.declined",
  "invitation.revoked",
  "invitation.expired",
];

/** Ids sort by time, so the primary key has the last hour at its end. */
const COUNT_EVENTS = "select type, count(*) from events where id >= ? group by type";
const COUNT_DELIVERIES =
  "select state, kind, count(*) from mail_deliveries where id >= ? group by state, kind";

/** Registers the outcomes of invitations, in all environments. The clocks of the processes that made the ids define the hour. */
function funnelMetrics(registry: Registry, context: Pick<Context, "db" | "log">): void {
  const reading = databaseReading(context, async (query) => {
    const since = new Date(Date.now() - HOUR);
    const events = await query<EventCount>(COUNT_EVENTS, [earliestId("evt", since)]);
    const deliveries = await query<DeliveryCount>(COUNT_DELIVERIES, [earliestId("dlv", since)]);
    return { events, deliveries };
  });
  new Gauge({
    name: "guildhall_events_last_hour",
    help: "Events of the last hour, by type.",
    labelNames: ["type"],
    registers: [registry],
    async collect() {
      const found = await reading();
      this.reset();
      if (found === undefined) return;
      for (const type of STEPS) this.set({ type }, 0);
      for (const { type, count } of found.events) this.set({ type }, count);
    },
  });
  new Gauge({
    name: "guildhall_deliveries_last_hour",
    help: "Emails queued in the last hour, by kind and present state.",
    labelNames: ["state", "kind"],
    registers: [registry],
    async collect() {
      const found = await reading();
      this.reset();
      for (const { state, kind, count } of found?.deliveries ?? []) this.set({ state, kind }, count);
    },
  });
}

/** Milliseconds for which a reading is reused. */
const GOOD_FOR = 5_000;
/** Each statement of a reading gets two seconds and one processor of the server. */
const LIMITS = "set local statement_timeout = 2000; set local max_parallel_workers_per_gather = 0";
/** Milliseconds a scrape waits for the database. Prometheus waits 10 s by default. */
const PATIENCE = 3_000;

/** Takes knex's `?`, and isn't prepared: a lasting plan, made while the table was small, could use another index. */
type Query = <Row>(sql: string, bindings: string[]) => Promise<Row[]>;

/**
 * Bounds what scrapes cost the database. However many there are, a reading takes at most one connection, and rarely.
 * @returns a function that resolves to the reading, or to undefined if the database does not answer in time.
 */
function databaseReading<Result>(
  { db, log }: Pick<Context, "db" | "log">,
  read: (query: Query) => Promise<Result>,
): () => Promise<Result | undefined> {
  const warn = createRareWarnings(log);
  async function readBounded(): Promise<Result | undefined> {
    try {
      return await transaction(db, async (trx) => {
        await trx.raw(LIMITS);
        return read(async <Row>(sql: string, bindings: string[]) => {
          const { rows } = await trx.raw<{ rows: Row[] }>(sql, bindings);
          return rows;
        });
      });
    } catch (error) {
      warn("metrics", { err: error }, "the database can't be read for /metrics");
      return undefined;
    }
  }
  const reading = recent(GOOD_FOR, readBounded);
  // A frozen server neither answers nor refuses.
  return () => Promise.race([reading(), sleep(PATIENCE, undefined, { ref: false })]);
}

/**
 * Shares recent work: anyone who asks while it runs, or shortly after, gets the same result or error.
 * @param milliseconds how long after its end a result still counts.
 * @param now milliseconds, injected by tests.
 */
export function recent<Result>(
  milliseconds: number,
  work: () => Promise<Result>,
  now: () => number = () => performance.now(),
): () => Promise<Result> {
  let latest: { result: Promise<Result>; goodUntil: number } | undefined;
  return () => {
    if (latest !== undefined && now() < latest.goodUntil) return latest.result;
    const begun = { result: work(), goodUntil: Number.POSITIVE_INFINITY };
    const end = () => {
      begun.goodUntil = now() + milliseconds;
    };
    begun.result.then(end, end);
    latest = begun;
    return begun.result;
  };
}
