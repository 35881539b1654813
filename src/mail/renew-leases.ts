import { statement } from "../db/statement.ts";

/**
 * Renews the leases of deliveries being sent, for the attempts they were claimed for. A lease that has ended isn't
 * taken back, and another holder's isn't extended. A row whose outcome is being recorded is skipped: it needs no
 * lease any more, and waiting for it while holding other locks could become a deadlock.
 */
export const renewLeases = statement<never, { ids: string[]; attempts: number[]; seconds: number }>(
  "renew-leases",
  { ids: "text[]", attempts: "int[]", seconds: "int" },
  `
  with held as (
    select d.id from mail_deliveries d join unnest(:ids, :attempts) as h(id, attempts) using (id, attempts)
    where d.state = 'sending' and d.due_at > now()
    for update of d skip locked
  )
  update mail_deliveries d set due_at = now() + make_interval(secs => :seconds) from held where d.id = held.id`,
);
