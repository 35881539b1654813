import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import type { Locale } from "../mail/locales.ts";
import { compilePage } from "./compile-page.ts";
import type { PageStyle } from "./page-style.ts";
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
  "opt-out": "opt-out",
  "opted-out": "notice",
  "not-found": "notice",
  wrong: "wrong",
};

export const pageNames = Object.keys(TEMPLATES) as PageName[];

const icons = join(packageRoot(), "templates", "pages", "icons");

/** One recipient page in one language, with its style sheet and picture, ready to be filled. */
export function compileRecipientPage<Name extends PageName>(
  name: Name,
  locale: Locale,
  style: PageStyle,
): (variables: PageVariables[Name]) => string {
  const texts = { ...locale.pages.common, ...locale.pages[name] };
  const fill = compilePage(TEMPLATES[name], "_layout", locale, texts);
  // The invitation shows the organization's initial instead.
  const icon = name === "invitation" ? "" : readFileSync(join(icons, `${name}.svg`), "utf8");
  return (variables) => fill({ ...presentPage(variables, locale), style: style.css, icon });
}
