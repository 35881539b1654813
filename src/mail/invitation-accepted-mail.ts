import { z } from "zod";
import { cleanDisplayName } from "./clean-display-name.ts";
import { defineMail } from "./define-mail.ts";
import { addressField } from "./mail-fields.ts";
import { presentRoles } from "./present-roles.ts";

/** To the inviter: the invitee accepted. Without a name the invitee is called by the invited address. */
export const invitationAcceptedMail = defineMail({
  kind: "invitation-accepted",
  variables: z.object({
    product: z.string(),
    organization: z.string(),
    invitee: z.string().nullable(),
    email: addressField,
    roles: z.array(z.string()),
    accepted_at: z.date(),
  }),
  sample: {
    product: "Acme",
    organization: "Analytical Engines",
    invitee: "Grace Hopper",
    email: "grace@example.com",
    roles: ["admin", "billing"],
    accepted_at: new Date("2026-11-22T09:15:00Z"),
  },
  present(variables, locale) {
    return {
      product: cleanDisplayName(variables.product, locale.unnamed.product),
      organization: cleanDisplayName(variables.organization, locale.unnamed.organization),
      invitee: cleanDisplayName(variables.invitee ?? "", variables.email),
      email: variables.email,
      roles: presentRoles(variables.roles, locale),
      accepted: locale.formatTime(variables.accepted_at),
    };
  },
});
