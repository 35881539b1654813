import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import { findLocale, locales } from "../mail/locales.ts";
import { compilePage } from "./compile-page.ts";
import { recipientStyle } from "./page-headers.ts";
import type { PageName, PageVariables } from "./page-variables.ts";
import { presentPage } from "./present-page.ts";

/** Pages that say the same to everybody share one template. */
const TEMPLATES: Record<PageName, string> = {
  invitation: "invitation",
  accepted: "accepted",
  declined: "notice",
  revoked: "notice",
  expired: "notice",
  superseded: "notice",
  "not-found": "notice",
  wrong: "wrong",
};

const icons = join(packageRoot(), "templates", "pages", "icons");

/** Every page in every language, compiled when the process starts. */
const compiled = new Map(
  [...locales.values()].flatMap((locale) =>
    Object.entries(TEMPLATES).map(([name, template]) => {
      const texts = { ...locale.pages.common, ...locale.pages[name] };
      const fill = compilePage(template, "_layout", locale, texts);
      const icon = name === "invitation" ? "" : readFileSync(join(icons, `${name}.svg`), "utf8");
      const fixed = { style: recipientStyle.css, icon };
      return [`${name}.${locale.language}`, (values: object) => fill({ ...values, ...fixed })];
    }),
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
  return fill(presentPage(variables, locale));
}
