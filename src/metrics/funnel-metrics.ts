import { Gauge, type Registry } from "prom-client";
import type { Context } from "../context.ts";
import type { EventType } from "../events/record-events.ts";
import { earliestId } from "../lib/id.ts";
import { databaseReading } from "./database-reading.ts";

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

/** Told even where there were none: that nobody accepts is what somebody may wait for. */
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

/** What becomes of invitations, in all environments. The hour is by the clocks of the processes that made the ids. */
export function funnelMetrics(registry: Registry, context: Pick<Context, "db" | "log">): void {
  const reading = databaseReading(context, async (query) => {
    const since = new Date(Date.now() - HOUR);
    const events = await query<EventCount>(COUNT_EVENTS, [earliestId("evt", since)]);
    const deliveries = await query<DeliveryCount>(COUNT_DELIVERIES, [earliestId("dlv", since)]);
    return { events, deliveries };
  });
  new Gauge({
    name: "guildhall_events_last_hour",
    help: "Events of the last hour, by what happened.",
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
    help: "Mails queued in the last hour, by their kind and by what has become of them.",
    labelNames: ["state", "kind"],
    registers: [registry],
    async collect() {
      const found = await reading();
      this.reset();
      for (const { state, kind, count } of found?.deliveries ?? []) this.set({ state, kind }, count);
    },
  });
}
