import type { Knex } from "knex";
import { raw } from "objection";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { Environment, type EnvironmentSettings } from "../models/environment.ts";

type SettingsChange = { [Name in keyof EnvironmentSettings]: EnvironmentSettings[Name] | null };

/** Notices and quotas are merged one by one: naming one leaves the others as they are. */
const MERGED = `jsonb_strip_nulls(settings || cast(:given as jsonb)
  || ${mergedSql("notify_inviter")} || ${mergedSql("quotas")})`;

function mergedSql(setting: keyof EnvironmentSettings): string {
  const given = `cast(:given as jsonb)->'${setting}'`;
  return `case when jsonb_typeof(${given}) = 'object'
    then jsonb_build_object('${setting}', coalesce(settings->'${setting}', '{}') || (${given})) else '{}' end`;
}

/**
 * Changes an environment. Settings, notices and quotas that are left out stay; null restores a default.
 * @throws 404.
 */
export async function updateEnvironment(
  db: Knex,
  id: string,
  { settings, ...change }: { name?: string | undefined; settings?: SettingsChange | undefined },
  actor: Actor,
): Promise<void> {
  const merged = settings === undefined ? {} : { settings: raw(MERGED, { given: JSON.stringify(settings) }) };
  const changed = [...Object.keys(change), ...Object.keys(merged)];
  await transaction(db, async (trx) => {
    const count = await Environment.query(trx)
      .findById(id)
      .patch({ ...change, ...merged });
    if (count === 0) throw notFound("environment");
    const subject = { id, environment_id: id, organization_id: null };
    await recordEvent(trx, actor, "environment.updated", subject, { changed });
  });
}
