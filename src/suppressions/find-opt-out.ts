import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { notFound } from "../errors.ts";

/** The address that an opt-out link is for, and what its page shows. */
export interface OptOut {
  environment_id: string;
  email: string;
  email_canonical: string;
  product: string;
  /** The languages of the invitation and the environment, in this order. */
  locales: string[];
  /** They have opted out before, on the page or by a complaint. */
  is_done: boolean;
  /** Their opt-out was lifted, and this invitation has not been emailed since. The page asks before it counts again. */
  was_lifted: boolean;
}

/** Finds it for an invitation in any state: the owner of the address may opt out as long as we know the address. */
const findByInvitation = statement<OptOut, { invitation_id: string }>(
  "find-opt-out",
  { invitation_id: "text" },
  `
  select i.environment_id, i.email, i.email_canonical, e.name as product,
    array_remove(array[i.locale, e.settings->>'locale'], null) as locales,
    coalesce(s.reason in ('opted_out', 'complained'), false) as is_done,
    i.opt_out_lifted_at is not null and not exists (
      select from mail_deliveries d
      where d.invitation_id = i.id and d.kind in ('invitation', 'invitation-reminder')
        and greatest(d.created_at, d.sent_at) > i.opt_out_lifted_at
    ) as was_lifted
  from invitations i
  join environments e on e.id = i.environment_id
  left join suppressions s on s.environment_id = i.environment_id and s.email_canonical = i.email_canonical
  where i.id = :invitation_id`,
);

/**
 * Finds what an opt-out link is for.
 * @param ip counts against a limit if the link is invalid, so that nobody tries many.
 * @throws 404, the same for an invalid link and a deleted invitation; 429 after too many.
 */
export async function findOptOut(
  { db, linkKeys, limiter }: Context,
  token: string,
  ip: string,
): Promise<OptOut> {
  const invitationId = linkKeys.verifyOptOut(token);
  if (invitationId === undefined) limiter.count("wrong_link", ip);
  const [found] =
    invitationId === undefined ? [] : await findByInvitation(db, { invitation_id: invitationId });
  if (found === undefined) throw notFound("invitation");
  return found;
}
