import { compileMail } from "../mail/compile-mails.ts";
import type { Locale } from "../mail/locales.ts";
import { fillMail, parseMail } from "../mail/mail-renderer.ts";
import { mails } from "../mail/mails.ts";
import type { MailKind } from "../models/mail-delivery.ts";
import { pageStyle } from "../pages/page-style.ts";
import { type PageName, pageNames, pageSamples } from "../pages/pages.ts";
import { compileRecipientPage } from "../pages/render-page.ts";

/** One mail or page of the workbench, and the path it is shown under. */
export type Specimen = { path: string; name: string } & (
  | { group: "mails"; name: MailKind }
  | { group: "pages"; name: PageName }
);

/** What is to be seen of it: a mail has a subject, a text and what a list of mails shows beside the subject. */
export type Rendered = {
  html: string;
  subject: string | null;
  /** HTML. */
  preview: string | null;
  text: string | null;
};

export const specimens: Specimen[] = [
  ...(Object.keys(mails) as MailKind[]).map((name) => ({
    group: "mails" as const,
    name,
    path: `mails/${name}`,
  })),
  ...pageNames.map((name) => ({ group: "pages" as const, name, path: `pages/${name}` })),
];

/**
 * Renders the sample from the templates as they are on disk at this moment.
 * @throws what is wrong with a template or a text.
 */
export async function renderSpecimen(specimen: Specimen, locale: Locale): Promise<Rendered> {
  if (specimen.group === "mails") {
    const { name } = specimen;
    const mail = fillMail(parseMail(await compileMail(name, locale)), name, mails[name].sample, locale);
    return { ...mail, preview: previewIn(mail.html) };
  }
  const fill = compileRecipientPage<PageName>(specimen.name, locale, pageStyle("style.css"));
  return { html: fill(pageSamples[specimen.name]), subject: null, preview: null, text: null };
}

/** The first element of a mail is its preview, hidden. */
function previewIn(html: string): string | null {
  const [, preview] = /<div style="display:none[^>]*>(.*?)<\/div>/s.exec(html) ?? [];
  return preview?.replace(/<[^>]*>/g, "") ?? null;
}

export type Scheme = "light" | "dark";

/**
 * Shows HTML in one colour scheme, whatever the machine prefers: two frames of one page can't prefer two. The
 * condition of the dark style becomes one that is always true, or never.
 */
export function forceScheme(html: string, scheme: Scheme): string {
  const condition = scheme === "dark" ? "(min-width: 0)" : "(max-width: 0)";
  return html
    .replaceAll("(prefers-color-scheme: dark)", condition)
    .replaceAll("color-scheme: light dark", `color-scheme: ${scheme}`)
    .replaceAll('content="light dark"', `content="${scheme}"`);
}
