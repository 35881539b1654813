import { cleanDisplayName } from "./clean-display-name.ts";
import type { Locale } from "./locales.ts";

/** System roles in the reader's language, an organization's own roles as they were named: "Admin and Billing". */
export function presentRoles(roles: string[], locale: Locale): string {
  return locale.formatList(roles.map((role) => textOf(locale, role) ?? cleanDisplayName(role, "–")));
}

/** A role may be called `constructor`, which every object has. */
function textOf({ roles }: Locale, role: string): string | undefined {
  return Object.hasOwn(roles, role) ? roles[role] : undefined;
}
