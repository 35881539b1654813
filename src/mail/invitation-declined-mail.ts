import { z } from "zod";
import { cleanDisplayName } from "./clean-display-name.ts";
import { defineMail } from "./define-mail.ts";
import { addressField } from "./mail-fields.ts";

/** To the inviter: the invitee declined. Without a name the invitee is called by the invited address. */
export const invitationDeclinedMail = defineMail({
  kind: "invitation-declined",
  variables: z.object({
    product: z.string(),
    organization: z.string(),
    invitee: z.string().nullable(),
    email: addressField,
    declined_at: z.date(),
  }),
  sample: {
    product: "Acme",
    organization: "Analytical Engines",
    invitee: "Grace Hopper",
    email: "grace@example.com",
    declined_at: new Date("2026-11-22T09:15:00Z"),
  },
  present(variables, locale) {
    return {
      product: cleanDisplayName(variables.product, locale.unnamed.product),
      organization: cleanDisplayName(variables.organization, locale.unnamed.organization),
      invitee: cleanDisplayName(variables.invitee ?? "", variables.email),
      email: variables.email,
      declined: locale.formatTime(variables.declined_at),
    };
  },
});
