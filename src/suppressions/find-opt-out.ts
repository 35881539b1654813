import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { notFound } from "../errors.ts";

/** Whose wish it is, and what the page shows them. */
export interface OptOut {
  environment_id: string;
  email: string;
  email_canonical: string;
  product: string;
  /** By preference: the invitation's language, the environment's. */
  locales: string[];
  /** They said so before, by the page or by a complaint. */
  is_done: boolean;
  /** They said so before, it was lifted since, and this invitation has not been mailed again: ask before it counts again. */
  was_lifted: boolean;
}

/**
 * Whatever has become of the invitation or its organization: as long as it is known whose
 * address was mailed, they may say that they want no more.
 */
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
 * What the bearer of an opt-out link may ask for.
 * @param ip counted against a limit when the link is none, so that nobody tries many.
 * @throws 404, the same for every link that is none of ours, and for one whose invitation is gone; 429 after too many.
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
