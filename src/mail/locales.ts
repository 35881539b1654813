import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../lib/package-root.ts";

const texts = z.record(z.string(), z.string());
const mailTexts = z.record(z.string(), texts).and(z.object({ common: texts }));

const localeFile = z.strictObject({
  language: z.string(),
  direction: z.enum(["ltr", "rtl"]),
  dates: z.string(),
  unnamed: z.strictObject({ organization: z.string(), inviter: z.string(), product: z.string() }),
  roles: texts,
  mails: mailTexts,
  pages: mailTexts,
});

/** The texts of one language, and how it writes times, lists and numbers. */
export type Locale = z.infer<typeof localeFile> & {
  formatTime(time: Date): string;
  formatList(items: string[]): string;
  formatNumber(count: number): string;
};

const FALLBACK = "en";
const folder = join(packageRoot(), "templates", "locales");

export const locales = readLocales();

/** Reads the files of all languages, once when a process starts and again for each preview. */
export function readLocales(): ReadonlyMap<string, Locale> {
  const all = readdirSync(folder).map((file) => loadLocale(join(folder, file)));
  return new Map(all.map((locale) => [locale.language, locale]));
}

/** Returns the first of the requested languages that exists, ignoring regions, or else English. */
export function findLocale(...tags: string[]): Locale {
  const spoken = tags.flatMap((tag) => [tag, tag.toLowerCase().split(/[-_]/)[0] ?? ""]);
  const found = [...spoken, FALLBACK].find((language) => locales.has(language));
  const locale = locales.get(found ?? FALLBACK);
  if (!locale) throw new Error(`${folder} lacks ${FALLBACK}.json`);
  return locale;
}

/** @throws an error that names the file, because people edit it. */
function parse(file: string): z.infer<typeof localeFile> {
  try {
    return localeFile.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Adds formatters. Times are in UTC and say so, because an email can't know its reader's time zone. */
function loadLocale(file: string): Locale {
  const locale = parse(file);
  const time = new Intl.DateTimeFormat(locale.dates, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZone: "UTC",
    timeZoneName: "short",
  });
  const list = new Intl.ListFormat(locale.language, { type: "conjunction" });
  const number = new Intl.NumberFormat(locale.dates);
  return {
    ...locale,
    formatTime: (date) => time.format(date),
    formatList: (items) => list.format(items),
    formatNumber: (count) => number.format(count),
  };
}
