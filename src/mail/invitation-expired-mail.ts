import { z } from "zod";
import { cleanDisplayName } from "./clean-display-name.ts";
import { defineMail } from "./define-mail.ts";
import { addressField } from "./mail-fields.ts";

/** To the inviter: an invitation ended unanswered, and with it maybe others of theirs. */
export const invitationExpiredMail = defineMail({
  kind: "invitation-expired",
  variables: z.object({
    product: z.string(),
    organization: z.string(),
    email: addressField,
    expired_at: z.date(),
    /** How many more of theirs expired in the same moment; they get one mail for all. */
    others: z.int().min(0),
  }),
  sample: {
    product: "Acme",
    organization: "Analytical Engines",
    email: "grace@example.com",
    expired_at: new Date("2026-11-28T18:40:00Z"),
    others: 3,
  },
  present(variables, locale) {
    return {
      product: cleanDisplayName(variables.product, locale.unnamed.product),
      organization: cleanDisplayName(variables.organization, locale.unnamed.organization),
      email: variables.email,
      expired: locale.formatTime(variables.expired_at),
      others: variables.others > 0 ? locale.formatNumber(variables.others) : null,
    };
  },
});
