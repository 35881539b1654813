import type { Knex } from "knex";
import { conflict, tooSoon } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Invitation } from "../models/invitation.ts";

/** Invitations an address is sent in 24 hours, by all organizations of the environment together. */
export const MAILS_PER_RECIPIENT = 10;
/** How often one invitation is sent, all told. */
const MAILS_PER_INVITATION = 10;
/** Seconds between two mails of one invitation. */
const COOLDOWN = 60;

/**
 * Refuses a mail that would be one too many. Decides with the invitation's organization locked, so that of two that come
 * at once the second sees the first. The operator is held by the cooldown alone.
 * @throws 429 with `Retry-After`, 409 when an invitation was sent often enough.
 */
export async function requireMailAllowed(
  db: Knex,
  { id, environment_id, email_canonical, token_version }: Invitation,
  actor: Pick<Actor, "kind">,
): Promise<void> {
  const { rows } = await db.raw<{
    rows: Array<{ cool_in: number | null; mails: number; wait: number | null }>;
  }>(
    `select
       (select ceil(extract(epoch from max(created_at) + make_interval(secs => :cooldown) - now()))::int
        from mail_deliveries where invitation_id = :id and kind = 'invitation') as cool_in,
       count(*)::int as mails, extract(epoch from min(created_at) + interval '24 hours' - now())::int as wait
     from (
       select created_at from mail_deliveries
       where environment_id = :environment_id and email_canonical = :email_canonical and kind = 'invitation'
         and created_at > now() - interval '24 hours'
       order by created_at desc limit :most
     ) lately`,
    { id, environment_id, email_canonical, cooldown: COOLDOWN, most: MAILS_PER_RECIPIENT },
  );
  const { cool_in = null, mails = 0, wait = null } = rows[0] ?? {};
  if (cool_in !== null && cool_in > 0)
    throw tooSoon("resend_too_soon", `It was sent a moment ago. Try again in ${cool_in} s.`, cool_in);
  if (actor.kind === "operator") return;
  if (token_version >= MAILS_PER_INVITATION)
    throw conflict(
      "resend_limit",
      `It was sent ${MAILS_PER_INVITATION} times: revoke it and invite again later.`,
    );
  if (mails >= MAILS_PER_RECIPIENT) throw recipientBusy(wait ?? 0);
}

/** @param wait seconds until the address may be sent another invitation. */
export function recipientBusy(wait: number) {
  const detail = "The address was sent many invitations today. Try again later.";
  return tooSoon("recipient_limit", detail, wait);
}
