import { z } from "zod";

/** A moment; leaves as ISO 8601 in UTC. */
export const time = z.date();

/** Whatever a team keeps beside a row. */
export const metadata = z.record(z.string(), z.unknown());

/** Rows per table. */
export const counts = z.record(z.string(), z.int());
