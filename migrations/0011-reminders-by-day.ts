import type { Knex } from "knex";

/**
 * A reminder's `seq` was its mail and the place of its day among the environment's, ten to a mail; from now on it is the
 * day itself, a thousand to a mail. A place that is no more among the days counts as the last, so that nobody is
 * reminded twice.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Out of the way first: each row is held against the unique index by itself.
    update mail_deliveries set seq = -seq where kind = 'invitation-reminder';
    update mail_deliveries d set seq = (-d.seq - 1) / 10 * 1000 + coalesce(
      (coalesce(e.settings->'reminder_days', '[2, 5]')->>((-d.seq - 1) % 10))::int,
      400 + (-d.seq - 1) % 10
    )
    from environments e
    where e.id = d.environment_id and d.kind = 'invitation-reminder';
  `);
}

/** Places again, the last that there are: of a mail that has a reminder nobody is reminded once more. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    update mail_deliveries set seq = -seq where kind = 'invitation-reminder';
    update mail_deliveries d set seq = (-d.seq) / 1000 * 10 + 11 - place
    from (
      select id, row_number() over (partition by invitation_id, (-seq) / 1000 order by seq) as place
      from mail_deliveries where kind = 'invitation-reminder'
    ) placed
    where placed.id = d.id;
  `);
}
