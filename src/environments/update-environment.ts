import type { Knex } from "knex";
import { raw } from "objection";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Environment, type EnvironmentSettings } from "../models/environment.ts";

type SettingsChange = { [Name in keyof EnvironmentSettings]: EnvironmentSettings[Name] | null };

/** Each notice is a choice of its own: naming one leaves the others as they are. */
const MERGED = `jsonb_strip_nulls(settings || cast(:given as jsonb) || case
  when jsonb_typeof(cast(:given as jsonb)->'notify_inviter') = 'object' then jsonb_build_object('notify_inviter',
    coalesce(settings->'notify_inviter', '{}') || (cast(:given as jsonb)->'notify_inviter'))
  else '{}' end)`;

/**
 * Changes an environment; settings and notices that are not given stay, a setting given as null falls back to its default.
 * @throws 404.
 */
export async function updateEnvironment(
  db: Knex,
  id: string,
  { settings, ...change }: { name?: string | undefined; settings?: SettingsChange | undefined },
  actor: Actor,
): Promise<void> {
  const merged = settings === undefined ? {} : { settings: raw(MERGED, { given: JSON.stringify(settings) }) };
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
