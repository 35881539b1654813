import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { mailHeaders } from "../../src/local/inbox-router.ts";
import { findLocale } from "../../src/mail/locales.ts";
import { createMailRenderer } from "../../src/mail/mail-renderer.ts";
import { mails } from "../../src/mail/mails.ts";
import { type PageName, pageSamples } from "../../src/pages/pages.ts";
import { renderPage } from "../../src/pages/render-page.ts";
import { pageHeaders } from "../../src/pages/send-page.ts";
import { launchChromium, type Watched, watch } from "../support/chromium.ts";
import { describeInBrowser } from "../support/describe-in-browser.ts";
import { problemsOf } from "../support/page-problems.ts";

const ORIGIN = "http://guildhall.test";
const SCHEMES = ["light", "dark"] as const;
const WINDOWS = { desktop: { width: 1200, height: 900 }, phone: { width: 320, height: 640 } };

/** Longer than anything fits: long words are what breaks a layout. */
const LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

describeInBrowser("in a browser", () => {
  let browser: Browser;
  let page: Page;
  let watched: Watched;
  let shown = { html: "", headers: {} as Record<string, string> };

  beforeAll(async () => {
    browser = await launchChromium();
    const context = await browser.newContext();
    watched = watch(context, ORIGIN);
    await context.route(`${ORIGIN}/`, (route) =>
      route.fulfill({
        body: shown.html,
        headers: { "Content-Type": "text/html; charset=utf-8", ...shown.headers },
      }),
    );
    page = await context.newPage();
  });
  afterAll(() => browser?.close());

  /** Shows HTML with its real headers in every window and both color schemes. @returns all problems. */
  async function look(html: string, headers: Record<string, string>, kind: "page" | "mail") {
    shown = { html, headers };
    await page.goto(`${ORIGIN}/`);
    const problems: string[] = [];
    for (const [name, viewport] of Object.entries(WINDOWS)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const found = await problemsOf(page, kind);
        problems.push(...found.map((problem) => `${name}, ${colorScheme}: ${problem}`));
      }
    }
    return [...problems, ...watched.foreign.splice(0), ...watched.complaints.splice(0)];
  }

  test("the page check finds the faults of a bad page", async () => {
    const bad = `<style>p { color: #999 } @media (prefers-color-scheme: dark) { p { color: #eee } }</style>
      <h3>Heading</h3><p>grey on white</p><input><div style="width: 400px">wide</div>
      <img src="https://elsewhere.example/pixel.png"><button></button>`;
    const problems = (await look(bad, {}, "page")).join("\n");
    for (const expected of [
      /light: contrast 2\.8\d: grey on white/,
      /dark: contrast 1\.\d+: grey on white/,
      /desktop, light: the document names no language/,
      /desktop, light: the document has no title/,
      /desktop, light: there is not exactly one main part/,
      /desktop, light: a INPUT has no name/,
      /desktop, light: a BUTTON has no name/,
      /desktop, light: H3 follows h0/,
      /desktop, light: no alt/,
      /phone, light: it is 4\d\d wide in a window of 320/,
      /^https:\/\/elsewhere\.example\/pixel\.png$/m,
    ])
      expect(problems).toMatch(expected);
    expect(problems).not.toMatch(/desktop.*wide in/);
  });

  describe.each(Object.keys(pageSamples) as PageName[])("the page %s", (name) => {
    test.each(["en", "de", "ar"])(
      "can be read and used in %s, in every window, light and dark",
      async (tag) => {
        const html = renderPage(name, pageSamples[name] as never, tag);
        expect(await look(html, pageHeaders, "page")).toEqual([]);
      },
    );
  });

  test("a page with the longest names still fits a phone", async () => {
    const html = renderPage(
      "invitation",
      {
        ...pageSamples.invitation,
        ...{ product: LONG, organization: LONG, inviter: LONG, message: LONG.repeat(3), roles: [LONG] },
        email: `${"x".repeat(64)}@${"y".repeat(60)}.example`,
      },
      "de",
    );
    expect(await look(html, pageHeaders, "page")).toEqual([]);
  });

  describe("emails", async () => {
    const renderer = createMailRenderer(inject("mailSources"));

    test.each(Object.values(mails))("$kind can be read in every language, light and dark", async (mail) => {
      for (const tag of ["en", "de", "ar"]) {
        const { html } = renderer.render(mail.kind, mail.sample as never, tag);
        expect(await look(html, mailHeaders, "mail"), tag).toEqual([]);
        expect(html).toContain(`dir="${findLocale(tag).direction}"`);
      }
    });

    test("an email with the longest names still fits a phone", async () => {
      const variables = {
        ...mails.invitation.sample,
        ...{ product: LONG, organization: LONG, inviter: LONG, message: LONG.repeat(3), roles: [LONG] },
        email: `${"x".repeat(64)}@${"y".repeat(60)}.example`,
        accept_url: `https://app.example/i/${"z".repeat(100)}`,
      };
      const { html } = renderer.render("invitation", variables, "de");
      expect(await look(html, mailHeaders, "mail")).toEqual([]);
    });

    test("the whole button of an invitation is its link, in every window", async () => {
      const { html } = renderer.render("invitation", mails.invitation.sample, "en");
      await look(html, mailHeaders, "mail");
      for (const viewport of Object.values(WINDOWS)) {
        await page.setViewportSize(viewport);
        const seen = await page.locator(".accept td").boundingBox();
        const link = await page.locator(".accept a").boundingBox();
        expect(link).toEqual(seen);
        expect(link?.width).toBeGreaterThan(200);
      }
    });

    test("an email in Arabic is mirrored: lines start on the right", async () => {
      const { html } = renderer.render("invitation", mails.invitation.sample, "ar");
      await look(html, mailHeaders, "mail");
      await page.setViewportSize(WINDOWS.desktop);
      const centreOf = async (selector: string) => {
        const box = await page.locator(selector).first().boundingBox();
        return box === null ? Number.NaN : box.x + box.width / 2;
      };
      expect(await centreOf(".mark span")).toBeGreaterThan(WINDOWS.desktop.width / 2);
      expect(await centreOf(".details .label")).toBeGreaterThan(await centreOf(".details td:not(.label)"));
    });
  });
});
