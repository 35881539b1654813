import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import { findLocale, type Locale, locales } from "../mail/locales.ts";
import { cleanDisplayName, firstCharacter, presentRoles, quoteMessage } from "../mail/present.ts";
import { compilePage, type PageStyle, pageStyle } from "./compile-page.ts";
import { type PageName, type PageVariables, pageLooks, pageNames } from "./pages.ts";

export const recipientStyle = pageStyle("style.css");

const icons = join(packageRoot(), "templates", "pages", "icons");

/** Compiles one page in one language, with its style sheet and icon. @returns a function that fills it. */
export function compileRecipientPage<Name extends PageName>(
  name: Name,
  locale: Locale,
  style: PageStyle,
): (variables: PageVariables[Name]) => string {
  const texts = { ...locale.pages.common, ...locale.pages[name] };
  const { template, tone, icon: file } = pageLooks[name];
  const fill = compilePage(template, "_layout", locale, texts);
  const icon = file === undefined ? "" : readFileSync(join(icons, `${file}.svg`), "utf8");
  return (variables) => fill({ ...presentPage(variables, locale), style: style.css, icon, tone });
}

/** All pages in all languages, compiled when the process starts. */
const compiled = new Map(
  [...locales.values()].flatMap((locale) =>
    pageNames.map((name) => [
      `${name}.${locale.language}`,
      compileRecipientPage<PageName>(name, locale, recipientStyle),
    ]),
  ),
);

/** Renders a recipient page. Send it with `pageHeaders`, whose policy allows exactly this style. */
export function renderPage<Name extends PageName>(
  name: Name,
  variables: PageVariables[Name],
  tag = "en",
): string {
  const locale = findLocale(tag);
  const fill = compiled.get(`${name}.${locale.language}`);
  if (!fill) throw new Error(`The page ${name} is not compiled for ${locale.language}`);
  return fill(variables);
}

/** Variables that people typed, on any page. */
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

/** Cleans values as emails do, so that a name looks the same in both. A missing value stays missing, so that filling throws. */
function presentPage(given: Given, locale: Locale): Record<string, unknown> {
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
  if (message !== undefined) values.message = quoteMessage(message);
  return values;
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}

/**
 * Masks an address for a page that someone else may read: `grace@example.com` becomes `g•••@example.com`. Always three
 * dots, so that the length stays hidden; the owner recognizes the first character and the domain.
 */
export function maskAddress(email: string): string {
  const at = email.lastIndexOf("@");
  const first = [...email.slice(0, at)][0] ?? "";
  return `${first}•••${email.slice(at)}`;
}
