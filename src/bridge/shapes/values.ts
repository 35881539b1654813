import { z } from "zod";

/** A time, which leaves as its ISO text. */
export const time = z.date();

export const cents = z.number().int();

/** The shape of a resource: what every one shows, around what this kind does. */
export function resourceShape<Columns extends z.ZodRawShape>(columns: Columns) {
  return z.object({
    id: z.string(),
    user_id: z.string(),
    organization_id: z.string().nullable(),
    ...columns,
    metadata: z.record(z.string(), z.unknown()),
    created_at: time,
    updated_at: time,
  });
}

/** The organization it is to belong to; none, and it is the caller's own. */
export const organizationId = z.string().max(64).nullish();

/** A reference to another resource of the same owner. */
export const link = z.string().max(64).nullish();

/** What is shown of a row: what its shape names, and nothing else. */
export function show(shape: z.ZodObject, row: object): Record<string, unknown> {
  const values = new Map<string, unknown>(Object.entries(row));
  return Object.fromEntries(Object.keys(shape.shape).map((name) => [name, values.get(name) ?? null]));
}
