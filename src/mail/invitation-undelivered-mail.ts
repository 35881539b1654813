import { z } from "zod";
import { cleanDisplayName } from "./clean-display-name.ts";
import { defineMail } from "./define-mail.ts";
import { FAILURE_CAUSES } from "./failure-cause.ts";
import { addressField } from "./mail-fields.ts";

const failure = z.object({ email: addressField, cause: z.enum(FAILURE_CAUSES) });

/** To the inviter: invitations of theirs could not be delivered, and why. */
export const invitationUndeliveredMail = defineMail({
  kind: "invitation-undelivered",
  variables: z.object({
    product: z.string(),
    organization: z.string(),
    /** The first of them; they get one email for all. */
    failures: z.array(failure).min(1),
    /** How many more there are. */
    others: z.int().min(0),
  }),
  sample: {
    product: "Acme",
    organization: "Analytical Engines",
    failures: [
      { email: "grace@example.com", cause: "mailbox_missing" },
      { email: "mary@example.com", cause: "mailbox_full" },
    ],
    others: 3,
  },
  present({ product, organization, failures, others }, locale) {
    return {
      product: cleanDisplayName(product, locale.unnamed.product),
      organization: cleanDisplayName(organization, locale.unnamed.organization),
      email: failures[0]?.email ?? "",
      failures: failures.map(({ email, cause }) => ({
        email,
        reason: locale.mails["invitation-undelivered"]?.[cause] ?? cause,
      })),
      others: others > 0 ? locale.formatNumber(others) : null,
    };
  },
});
