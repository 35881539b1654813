import type { Knex } from "knex";
import { raw } from "objection";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Environment, type EnvironmentSettings } from "../models/environment.ts";

/** Changes an environment; settings that are not given stay, one given as null falls back to its default. @throws 404. */
export async function updateEnvironment(
  db: Knex,
  id: string,
  {
    settings,
    ...change
  }: {
    name?: string | undefined;
    settings?: { [Name in keyof EnvironmentSettings]: EnvironmentSettings[Name] | null } | undefined;
  },
  actor: Actor,
): Promise<void> {
  const merged =
    settings === undefined
      ? {}
      : { settings: raw("jsonb_strip_nulls(settings || ?::jsonb)", [JSON.stringify(settings)]) };
  const fields = [...Object.keys(change), ...Object.keys(merged)];
  await transaction(db, async (trx) => {
    const changed = await Environment.query(trx)
      .findById(id)
      .patch({ ...change, ...merged, updated_at: raw("now()") });
    if (changed === 0) throw notFound("environment");
    await recordEvents(trx, actor, [
      {
        type: "environment.updated",
        environment_id: id,
        organization_id: null,
        subject_id: id,
        data: { changed: fields },
      },
    ]);
  });
}
