import type { Knex } from "knex";
import { raw } from "objection";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Environment, type EnvironmentSettings } from "../models/environment.ts";

type SettingsChange = { [Name in keyof EnvironmentSettings]: EnvironmentSettings[Name] | null };

/** Each notice and each quota is a choice of its own: naming one leaves the others as they are. */
const MERGED = `jsonb_strip_nulls(settings || cast(:given as jsonb)
  || ${mergedSql("notify_inviter")} || ${mergedSql("quotas")})`;

function mergedSql(setting: keyof EnvironmentSettings): string {
  const given = `cast(:given as jsonb)->'${setting}'`;
  return `case when jsonb_typeof(${given}) = 'object'
    then jsonb_build_object('${setting}', coalesce(settings->'${setting}', '{}') || (${given})) else '{}' end`;
}

/**
 * Changes an environment; settings, notices and quotas that are not given stay, and null restores a default.
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
      .patch({ ...change, ...merged });
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
