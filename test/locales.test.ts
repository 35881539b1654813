import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { packageRoot } from "../src/lib/package-root.ts";
import { findLocale, locales } from "../src/mail/locales.ts";
import { createMailRenderer } from "../src/mail/mail-renderer.ts";
import { mails } from "../src/mail/mails.ts";
import type { Organization } from "../src/models/organization.ts";
import { type PageName, pageSamples } from "../src/pages/pages.ts";
import { renderPage } from "../src/pages/render-page.ts";
import { buildOrganization, buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { invited, openLink, sendDue } from "./support/invitations.ts";

const folder = join(packageRoot(), "templates", "locales");
const renderer = createMailRenderer(inject("mailSources"));

/** Every text of a file under its path: `mails.invitation.subject`. */
function textsOf(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  return Object.entries(value ?? {}).flatMap(([key, inner]) => textsOf(inner, path ? `${path}.${key}` : key));
}

const english = read("en.json");

function read(file: string): Map<string, string> {
  return new Map(textsOf(JSON.parse(readFileSync(join(folder, file), "utf8")), ""));
}

function valuesIn(text: string): string[] {
  return [...new Set(text.match(/\{\{[^}]*\}\}/g) ?? [])].sort();
}

describe.each(readdirSync(folder))("the language file %s", (file) => {
  const texts = read(file);

  test("has exactly the texts of en.json", () => {
    expect([...texts.keys()].sort()).toEqual([...english.keys()].sort());
  });

  test("uses the same values in each text as English", () => {
    const values = (all: Map<string, string>) => [...all].map(([key, text]) => [key, valuesIn(text)]);
    expect(Object.fromEntries(values(texts))).toEqual(Object.fromEntries(values(english)));
  });

  test("has no text that is empty, padded or left in English", () => {
    for (const [key, text] of texts) {
      expect(text.trim(), key).toBe(text);
      expect(text, key).not.toBe("");
      if (file !== "en.json" && text.length > 20) expect(text, key).not.toBe(english.get(key));
    }
  });

  test("is named after its language", () => {
    expect(texts.get("language")).toBe(file.replace(".json", ""));
  });
});

describe.each([...locales.keys()])("in %s", (language) => {
  const locale = findLocale(language);

  test.each(Object.values(mails))("the email $kind is filled in completely", ({ kind, sample }) => {
    const { subject, html, text } = renderer.render(kind, sample as never, language);
    expect(subject + html + text).not.toMatch(/\{\{|\}\}|\[\[|\]\]|undefined|\[object/);
    expect(html).toContain(`<html lang="${language}" dir="${locale.direction}"`);
  });

  test.each(Object.keys(pageSamples) as PageName[])("the page %s is filled in completely", (name) => {
    const html = renderPage(name, pageSamples[name] as never, language);
    expect(html).not.toMatch(/\{\{|\}\}|\[\[|\]\]|undefined|\[object/);
    expect(html).toContain(`<html lang="${language}" dir="${locale.direction}">`);
  });

  test("the count of other invitations needs no plural", () => {
    const lineFor = (others: number) => {
      const { sample } = mails["invitation-expired"];
      const { text } = renderer.render("invitation-expired", { ...sample, others }, language);
      return text.split("\n").find((line) => line.endsWith(` ${locale.formatNumber(others)}`));
    };
    for (const others of [2, 3, 11, 1200])
      expect(lineFor(others)).toBe(lineFor(1)?.replace(/1$/, locale.formatNumber(others)));
    const text = locale.mails["invitation-expired"]?.others ?? "";
    expect(text).toMatch(/: ?\{\{others\}\}$/);
  });

  test("the year and hour are written in digits everyone can read", () => {
    const time = locale.formatTime(new Date("2026-11-28T18:40:00Z"));
    expect(time).toContain("2026");
    expect(time).toMatch(/\b(?:18|6):40\b.*UTC$/);
  });
});

describe("the language of an email", () => {
  test.each([
    [["pt"], "pt"],
    [["pt-BR"], "pt"],
    [["PT_br"], "pt"],
    [["de-AT"], "de"],
    [["ar-EG"], "ar"],
    [["en-US"], "en"],
    [["tlh"], "en"],
    [[""], "en"],
    [["__proto__"], "en"],
    [[], "en"],
    [["fr", "de"], "fr"],
    [["tlh", "de-AT"], "de"],
    [["pt-BR", "de"], "pt"],
    [["tlh", "vo"], "en"],
  ])("for %j is %j", (tags, language) => {
    expect(findLocale(...tags).language).toBe(language);
  });
});

describe("the language", () => {
  const guildhall = useGuildhall();
  let organization: Organization;

  beforeAll(async () => {
    organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  });

  test.each([
    ["nl", "fr", "fr"],
    ["nl-BE", "pt-BR", "pt"],
    ["de", "fr", "de"],
    [null, "fr", "fr"],
    ["nl", "tlh", "en"],
    ["nl", null, "en"],
  ])("%s, in an environment with %s, makes emails and pages %s", async (asked, environments, language) => {
    const settings = environments === null ? {} : { locale: environments };
    await guildhall.db("environments").where({ id: organization.environment_id }).update({ settings });
    const { id, email } = await invited(guildhall, organization, { locale: asked });
    await sendDue(guildhall);
    const { mail } = await guildhall.mailbox.waitFor(email);
    const { page } = await openLink(guildhall, id);
    const optOut = await fetch(`${guildhall.api.origin}/u/${guildhall.context.linkKeys.signOptOut(id)}`);
    for (const html of [mail.html, page, await optOut.text()])
      expect(html).toContain(`<html lang="${language}"`);
  });
});
