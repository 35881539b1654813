import { openDatabase } from "../src/db/connection.ts";
import { expireInvitations } from "../src/invitations/expire-invitations.ts";
import { expireAtOnce } from "./bare/bulk.ts";
import { type Contestant, takeTurns } from "./measure.ts";
import type { Options } from "./options.ts";
import { settle } from "./people.ts";
import type { Stage } from "./stage.ts";
import { durations, type Report } from "./table.ts";

/** Expires overdue invitations chunk by chunk, against one UPDATE with the insert of their events, on copies of the same rows. */
export async function benchExpire(stage: Stage, { rows, rounds }: Options): Promise<Report> {
  const original = await stage.createDatabase("expire");
  const db = openDatabase({ url: original.url, poolSize: 1, name: "bench", statementTimeout: 0 });
  // The rows are known to fit, and checking every reference would take longer than everything else.
  await db.raw("set session_replication_role = replica");
  await db.raw(
    `insert into invitations (id, environment_id, organization_id, email, email_canonical, expires_at)
     select 'inv_' || lpad(n::text, 26, '0'), o.environment_id, o.id, n || '@example.com', n || '@example.com',
       now() - n * interval '1 millisecond'
     from generate_series(1, cast(:rows as int)) n
     join (select id, environment_id, row_number() over () - 1 as place from organizations) o on o.place = n % 50`,
    { rows },
  );
  await settle(db);

  function onCopy(who: string, expire: (url: string) => Promise<unknown>): Contestant {
    let url = "";
    return {
      who,
      processes: { Postgres: stage.servers.Postgres },
      async prepare() {
        ({ url } = await stage.copyDatabase(original, `expire_${who}`));
      },
      async run() {
        await expire(url);
        return [];
      },
    };
  }
  const ours = onCopy("ours", async (url) => {
    const copy = openDatabase({ url, poolSize: 1, name: "bench" });
    await expireInvitations(copy, () => false).finally(() => copy.destroy());
  });
  const measured = await takeTurns([ours, onCopy("bare", expireAtOnce)], {
    ...{ rounds, warmUp: 0, each: { count: rows } },
  });
  const what = `expire: ${rows.toLocaleString("en")} overdue invitations ÷ one UPDATE with their events`;
  return { measured, judgments: durations(what, rows, measured, 1.5) };
}
