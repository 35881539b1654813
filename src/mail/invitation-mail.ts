import { z } from "zod";
import { cleanDisplayName } from "./clean-display-name.ts";
import { defineMail } from "./define-mail.ts";
import { firstCharacter } from "./first-character.ts";
import { addressField, linkField } from "./mail-fields.ts";
import { presentRoles } from "./present-roles.ts";
import { quoteMessage } from "./quote-message.ts";

/** To the invitee: who invites, to what, as what, until when, and the two links. */
export const invitationMail = defineMail({
  kind: "invitation",
  variables: z.object({
    product: z.string(),
    organization: z.string(),
    inviter: z.string().nullable(),
    email: addressField,
    roles: z.array(z.string()),
    message: z.string().nullable(),
    expires_at: z.date(),
    accept_url: linkField,
    decline_url: linkField,
  }),
  sample: {
    product: "Acme",
    organization: "Analytical Engines",
    inviter: "Ada Lovelace",
    email: "grace@example.com",
    roles: ["admin", "billing"],
    message: "Hello Grace,\n\nthe compiler needs you. Will you look after it with us?",
    expires_at: new Date("2026-11-28T18:40:00Z"),
    accept_url: "https://app.example/i/sample",
    decline_url: "https://app.example/i/sample?decline",
  },
  present(variables, locale) {
    const organization = cleanDisplayName(variables.organization, locale.unnamed.organization);
    const message = quoteMessage(variables.message);
    return {
      product: cleanDisplayName(variables.product, locale.unnamed.product),
      organization,
      initial: firstCharacter(organization),
      inviter:
        variables.inviter === null ? null : cleanDisplayName(variables.inviter, locale.unnamed.inviter),
      email: variables.email,
      roles: presentRoles(variables.roles, locale),
      message: message.length > 0 ? message : null,
      expires: locale.formatTime(variables.expires_at),
      accept_url: variables.accept_url,
      decline_url: variables.decline_url,
    };
  },
});
