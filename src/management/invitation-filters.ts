import { z } from "zod";
import type { Filter, Rows } from "../json-api/resource-type.ts";
import { INVITATION_STATUSES, type Invitation } from "../models/invitation.ts";
import type { DeliveryState } from "../models/mail-delivery.ts";

/** The states of an invitation's newest email. A `pending` delivery shows as `queued`. */
export const DELIVERY_STATUSES = ["queued", "sending", "sent", "failed", "suppressed", "unknown"] as const;

const isStatus = (word: string) => DELIVERY_STATUSES.some((known) => known === word);

/** Filters by one of them, or by several separated by commas. */
export const byDeliveryStatus: Filter<Invitation> = {
  value: z
    .string()
    .max(100)
    .refine((given) => given.split(",").every(isStatus), {
      error: `must be one of ${DELIVERY_STATUSES.join(", ")}, or several separated by commas`,
    })
    .describe(
      `Only those whose latest email is in this state, or in one of several separated by commas: ${DELIVERY_STATUSES.map((word) => `\`${word}\``).join(", ")}.`,
    ),
  byWords: true,
  places: (value) =>
    [...new Set(String(value).split(","))].map((word) => {
      if (word === "sent") return wasSent;
      return isLeftIn(word === "queued" ? "pending" : (word as DeliveryState));
    }),
};

/** Nearly all were sent, so checking each invitation in order soon fills a page. */
function wasSent(rows: Rows<Invitation>): void {
  void rows.whereRaw(
    `(
      select state from mail_deliveries d where d.invitation_id = invitations.id and d.kind = 'invitation'
      order by d.seq desc limit 1
    ) = 'sent'`,
  );
}

/** Few are, so they are found by an index of the deliveries, by environment or organization like the list. */
function isLeftIn(state: DeliveryState) {
  return (rows: Rows<Invitation>): void => {
    void rows.joinRaw(
      `join mail_deliveries as newest on newest.invitation_id = invitations.id and newest.kind = 'invitation'
        and newest.environment_id = invitations.environment_id
        and newest.organization_id = invitations.organization_id
        and newest.state <> 'sent' and newest.state = ?
        and not exists (
          select from mail_deliveries later
          where later.invitation_id = newest.invitation_id and later.kind = 'invitation' and later.seq > newest.seq
          offset 0
        )`,
      [state],
    );
  };
}

const status = (is: string) => (rows: Rows<Invitation>) => void rows.where("invitations.status", is);
const overdue = (is: boolean) => (rows: Rows<Invitation>) =>
  void rows
    .where("invitations.status", "pending")
    .whereRaw(`invitations.expires_at ${is ? "<=" : ">"} now()`);

/** Filters by the status as reads show it: an overdue invitation has expired, even if the schedule hasn't recorded it. */
export const byStatusNow: Filter<Invitation> = {
  value: z.enum(INVITATION_STATUSES),
  byWords: true,
  places(value) {
    if (value === "pending") return [overdue(false)];
    return value === "expired" ? [status("expired"), overdue(true)] : [status(String(value))];
  },
};
