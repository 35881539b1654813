import { z } from "zod";
import { cleanDisplayName } from "./clean-display-name.ts";
import type { MailValues } from "./define-mail.ts";
import { firstCharacter } from "./first-character.ts";
import type { Locale } from "./locales.ts";
import { addressField, linkField } from "./mail-fields.ts";
import { presentRoles } from "./present-roles.ts";
import { quoteMessage } from "./quote-message.ts";

const variables = z.object({
  product: z.string(),
  organization: z.string(),
  inviter: z.string().nullable(),
  email: addressField,
  roles: z.array(z.string()),
  message: z.string().nullable(),
  expires_at: z.date(),
  accept_url: linkField,
  decline_url: linkField,
  opt_out_url: linkField,
});

/** What an invitation and its reminder have in common: who invites, to what, as what, until when, and the links. */
export const invitationLetter = {
  variables,
  sample: {
    product: "Acme",
    organization: "Analytical Engines",
    inviter: "Ada Lovelace",
    email: "grace@example.com",
    roles: ["admin", "billing"],
    message: "Hello Grace,\n\nthe compiler needs you. Will you look after it with us?",
    expires_at: new Date("2026-11-28T18:40:00Z"),
    accept_url: "https://app.example/i/sample",
    decline_url: "https://app.example/i/sample?answer=decline",
    opt_out_url: "https://app.example/u/sample",
  },
  present(given: z.infer<typeof variables>, locale: Locale): MailValues {
    const organization = cleanDisplayName(given.organization, locale.unnamed.organization);
    const message = quoteMessage(given.message);
    return {
      product: cleanDisplayName(given.product, locale.unnamed.product),
      organization,
      initial: firstCharacter(organization),
      inviter: given.inviter === null ? null : cleanDisplayName(given.inviter, locale.unnamed.inviter),
      email: given.email,
      roles: presentRoles(given.roles, locale),
      // Only a program invites an owner.
      owner: given.inviter === null && given.roles.includes("owner") ? "owner" : null,
      message: message.length > 0 ? message : null,
      expires: locale.formatTime(given.expires_at),
      accept_url: given.accept_url,
      decline_url: given.decline_url,
      opt_out_url: given.opt_out_url,
    };
  },
};
