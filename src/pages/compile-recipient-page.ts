import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../lib/package-root.ts";
import type { Locale } from "../mail/locales.ts";
import { compilePage } from "./compile-page.ts";
import type { PageStyle } from "./page-style.ts";
import type { PageName, PageVariables } from "./page-variables.ts";
import { presentPage } from "./present-page.ts";

/** Pages that say the same to everybody share one template. `tone`: how its picture is coloured, so that good news and bad differ at a glance. */
const PAGES: Record<PageName, { template: string; tone: "good" | "calm" | "bad"; icon?: string }> = {
  invitation: { template: "invitation", tone: "good" },
  accepted: { template: "accepted", tone: "good", icon: "done" },
  member: { template: "accepted", tone: "good", icon: "done" },
  ended: { template: "notice", tone: "calm", icon: "ended" },
  declined: { template: "notice", tone: "calm", icon: "declined" },
  revoked: { template: "notice", tone: "bad", icon: "ended" },
  expired: { template: "notice", tone: "calm", icon: "expired" },
  superseded: { template: "notice", tone: "calm", icon: "superseded" },
  gone: { template: "notice", tone: "bad", icon: "broken" },
  "opt-out": { template: "opt-out", tone: "calm", icon: "opt-out" },
  "opted-out": { template: "notice", tone: "good", icon: "done" },
  "not-found": { template: "notice", tone: "bad", icon: "broken" },
  "no-page": { template: "notice", tone: "bad", icon: "broken" },
  wrong: { template: "wrong", tone: "bad", icon: "wrong" },
};

export const pageNames = Object.keys(PAGES) as PageName[];

const icons = join(packageRoot(), "templates", "pages", "icons");

/** One recipient page in one language, with its style sheet and picture, ready to be filled. */
export function compileRecipientPage<Name extends PageName>(
  name: Name,
  locale: Locale,
  style: PageStyle,
): (variables: PageVariables[Name]) => string {
  const texts = { ...locale.pages.common, ...locale.pages[name] };
  const { template, tone, icon: file } = PAGES[name];
  const fill = compilePage(template, "_layout", locale, texts);
  // The invitation shows the organization's initial instead.
  const icon = file === undefined ? "" : readFileSync(join(icons, `${file}.svg`), "utf8");
  return (variables) => fill({ ...presentPage(variables, locale), style: style.css, icon, tone });
}
