import { findLocale, type Locale } from "../mail/locales.ts";
import { compilePage } from "../pages/compile-page.ts";
import { type Rendered, type Specimen, specimens } from "./specimens.ts";
import { workbenchPage } from "./workbench-headers.ts";

/** A tool for developers speaks English: its sentences stand in the templates. */
const english = findLocale("en");
const indexPage = compilePage("dev-index", "_dev-layout", english, {});
const specimenPage = compilePage("dev-specimen", "_dev-layout", english, {});

const fixed = { style: workbenchPage.css, script: workbenchPage.script };
const languageNames = new Intl.DisplayNames("en", { type: "language" });

export const WIDTHS = ["desktop", "phone"] as const;
export type Width = (typeof WIDTHS)[number];

const SCHEMES = [
  { scheme: "light", label: "Light" },
  { scheme: "dark", label: "Dark" },
];

/** What needs a frame of a full window; the others say little. */
const TALL: string[] = ["invitation", "invitation-reminder"];

/** What every view is told: the version of the templates it shows, and the languages there are. */
export type Shown = { version: string; languages: string[] };

export function renderIndex({ version, languages }: Shown, has_inbox: boolean): string {
  const groupOf = (name: Specimen["group"], title: string) => ({
    name,
    title,
    specimens: specimens
      .filter(({ group }) => group === name)
      .map((specimen) => ({ ...specimen, languages: languages.map((tag) => linkTo(specimen, tag)) })),
  });
  const groups = [groupOf("mails", "Mails"), groupOf("pages", "Recipient pages")];
  return indexPage({ ...fixed, title: "Mails and pages", version, groups, has_inbox });
}

/** @param result what there is to see, or what is wrong with a template. */
export function renderSpecimenView(
  { version, languages }: Shown,
  specimen: Specimen,
  locale: Locale,
  width: Width,
  result: Rendered | { problem: string },
): string {
  const { language, direction } = locale;
  const nothing = { subject: null, preview: null, text: null, problem: null };
  const frames = SCHEMES.map((frame) => ({
    ...frame,
    src: `/dev/mails/${specimen.path}/${language}/${frame.scheme}`,
  }));
  return specimenPage({
    ...fixed,
    ...nothing,
    ...result,
    ...{ title: `${specimen.name} · ${language}`, version, name: specimen.name, frames },
    ...{ language, direction, width, height: TALL.includes(specimen.name) ? "tall" : "short" },
    languages: languages.map((tag) => ({
      ...linkTo(specimen, tag, width),
      current: tag === language,
    })),
    widths: WIDTHS.map((name) => ({
      href: linkTo(specimen, language, name).href,
      label: name === "phone" ? "Phone" : "Desktop",
      current: name === width,
    })),
  });
}

function linkTo({ path }: Specimen, tag: string, width: Width = "desktop") {
  const query = width === "desktop" ? "" : `?width=${width}`;
  return { tag, label: languageNames.of(tag) ?? tag, href: `/dev/mails/${path}/${tag}${query}` };
}
