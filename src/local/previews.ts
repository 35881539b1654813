import { compileMail } from "../mail/compile-mails.ts";
import type { Locale } from "../mail/locales.ts";
import { fillMail, parseMail } from "../mail/mail-renderer.ts";
import { mails } from "../mail/mails.ts";
import type { MailKind } from "../models/mail-delivery.ts";
import { pageStyle } from "../pages/compile-page.ts";
import { type PageName, pageNames, pageSamples } from "../pages/pages.ts";
import { compileRecipientPage } from "../pages/render-page.ts";

/** An email or page with sample data, and its path. */
export type Preview = { path: string; name: string } & (
  | { group: "mails"; name: MailKind }
  | { group: "pages"; name: PageName }
);

export type Rendered = {
  html: string;
  /** Null for a page, like `snippet` and `text`. */
  subject: string | null;
  /** The line that mail programs show beside the subject, as HTML. */
  snippet: string | null;
  text: string | null;
};

export const previews: Preview[] = [
  ...(Object.keys(mails) as MailKind[]).map((name) => ({
    group: "mails" as const,
    name,
    path: `mails/${name}`,
  })),
  ...pageNames.map((name) => ({ group: "pages" as const, name, path: `pages/${name}` })),
];

/**
 * Renders the sample data with the templates that are on disk now.
 * @throws an error that says what is wrong with a template or a text.
 */
export async function renderPreview(preview: Preview, locale: Locale): Promise<Rendered> {
  if (preview.group === "mails") {
    const { name } = preview;
    const mail = fillMail(parseMail(await compileMail(name, locale)), name, mails[name].sample, locale);
    return { ...mail, snippet: snippetIn(mail.html) };
  }
  const fill = compileRecipientPage<PageName>(preview.name, locale, pageStyle("style.css"));
  return { html: fill(pageSamples[preview.name]), subject: null, snippet: null, text: null };
}

/** Finds the snippet: the first element of an email, which is hidden. */
function snippetIn(html: string): string | null {
  const [, snippet] = /<div style="display:none[^>]*>(.*?)<\/div>/s.exec(html) ?? [];
  return snippet?.replace(/<[^>]*>/g, "") ?? null;
}

/**
 * Makes HTML use one color scheme, no matter which one the machine prefers. Two frames of one page can't prefer
 * different schemes, so the condition of the dark style becomes one that is always or never true.
 */
export function forceScheme(html: string, scheme: "light" | "dark"): string {
  const condition = scheme === "dark" ? "(min-width: 0)" : "(max-width: 0)";
  return html
    .replaceAll("(prefers-color-scheme: dark)", condition)
    .replaceAll("color-scheme: light dark", `color-scheme: ${scheme}`)
    .replaceAll('content="light dark"', `content="${scheme}"`);
}
