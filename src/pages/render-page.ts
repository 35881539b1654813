import { findLocale, locales } from "../mail/locales.ts";
import { compileRecipientPage, pageNames } from "./compile-recipient-page.ts";
import { recipientStyle } from "./page-headers.ts";
import type { PageName, PageVariables } from "./page-variables.ts";

/** Every page in every language, compiled when the process starts. */
const compiled = new Map(
  [...locales.values()].flatMap((locale) =>
    pageNames.map((name) => [
      `${name}.${locale.language}`,
      compileRecipientPage<PageName>(name, locale, recipientStyle),
    ]),
  ),
);

/** A recipient page as HTML. Send it with `pageHeaders`: the policy there admits exactly this page's style. */
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
