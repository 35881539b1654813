import { cleanDisplayName } from "../mail/clean-display-name.ts";
import { firstCharacter } from "../mail/first-character.ts";
import type { Locale } from "../mail/locales.ts";
import { presentRoles } from "../mail/present-roles.ts";
import { quoteMessage } from "../mail/quote-message.ts";
import { maskAddress } from "./mask-address.ts";

/** The variables that people typed, of whichever page. */
type Given = {
  product?: string | null;
  organization?: string;
  inviter?: string | null;
  email?: string;
  roles?: string[];
  message?: string | null;
  expires_at?: Date;
  continue_url?: string | null;
};

/** The same cleaning as in mails, so a name reads alike in both. What was not given stays missing, and then throws. */
export function presentPage(given: Given, locale: Locale): Record<string, unknown> {
  const { product, organization, inviter, email, roles, message, expires_at, continue_url } = given;
  const values: Record<string, unknown> = { ...given };
  values.product = product ? cleanDisplayName(product, locale.unnamed.product) : null;
  values.continue_url = continue_url && isWebAddress(continue_url) ? continue_url : null;
  if (organization !== undefined) {
    const name = cleanDisplayName(organization, locale.unnamed.organization);
    values.organization = name;
    values.initial = firstCharacter(name);
  }
  if (typeof inviter === "string") values.inviter = cleanDisplayName(inviter, locale.unnamed.inviter);
  if (email !== undefined) values.email = maskAddress(email);
  if (roles) {
    values.roles = presentRoles(roles, locale);
    values.owner = inviter === null && roles.includes("owner");
  }
  if (expires_at !== undefined) values.expires = locale.formatTime(expires_at);
  if (message !== undefined) values.message = presentMessage(message);
  return values;
}

function presentMessage(message: string | null): string[] | null {
  const lines = quoteMessage(message);
  return lines.length > 0 ? lines : null;
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}
