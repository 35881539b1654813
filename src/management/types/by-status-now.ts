import { z } from "zod";
import { INVITATION_STATUSES, type Invitation } from "../../models/invitation.ts";
import type { Filter, Rows } from "../reading/resource-type.ts";

const status = (is: string) => (rows: Rows<Invitation>) => void rows.where("invitations.status", is);
const overdue = (is: boolean) => (rows: Rows<Invitation>) =>
  void rows
    .where("invitations.status", "pending")
    .whereRaw(`invitations.expires_at ${is ? "<=" : ">"} now()`);

/** By the status reads show: what is overdue has expired, whether or not that is written down. */
export const byStatusNow: Filter<Invitation> = {
  value: z.enum(INVITATION_STATUSES),
  places(value) {
    if (value === "pending") return [overdue(false)];
    return value === "expired" ? [status("expired"), overdue(true)] : [status(String(value))];
  },
};
