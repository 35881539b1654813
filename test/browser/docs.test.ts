import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seedDevelopment } from "../../src/embedded/seed-development.ts";
import { launchChromium, type Watched, watch } from "../support/chromium.ts";
import { describeInBrowser } from "../support/describe-in-browser.ts";
import { type Guildhall, OPERATOR_TOKEN, startGuildhall } from "../support/guildhall.ts";
import { problemsOf } from "../support/page-problems.ts";

const PHONE = { width: 390, height: 844 };
/** Rendering 150 endpoints takes a busy machine a while. */
const PATIENT = { timeout: 60_000 };

describeInBrowser("the documentation in a browser", () => {
  let guildhall: Guildhall;
  let browser: Browser;

  beforeAll(async () => {
    guildhall = await startGuildhall();
    await seedDevelopment(guildhall.context, "s".repeat(43));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await guildhall.stop();
  });

  /** @returns the page, and what it did that its policy or a team that trusts it forbids. */
  async function open(path: string, options: BrowserContextOptions = {}): Promise<{ page: Page; watched: Watched }> {
    const { origin } = guildhall.api;
    const context = await browser.newContext(options);
    const watched = watch(context, origin);
    const page = await context.newPage();
    await page.goto(origin + path);
    return { page, watched };
  }

  const violations = ({ foreign, complaints }: Watched) => [
    ...foreign.filter((url) => !url.startsWith("data:")),
    ...complaints.filter((text) => text.includes("Content Security Policy")),
  ];

  test.each(["/docs", "/docs/roles", "/docs/errors"])(
    "the guide's page %s is readable on a phone and on a desktop, light and dark",
    async (path) => {
      const { page, watched } = await open(path);
      for (const viewport of [PHONE, { width: 1200, height: 900 }]) {
        await page.setViewportSize(viewport);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          expect(await problemsOf(page), `${viewport.width} ${colorScheme}`).toEqual([]);
        }
      }
      expect(violations(watched)).toEqual([]);
      await page.context().close();
    },
  );

  test("an example of the guide is copied by its button", async () => {
    const { page } = await open("/docs", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("button", { name: "Copy" }).nth(1).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate<string>("navigator.clipboard.readText()")).toMatch(/^curl -g "\$GUILDHALL/);
    await page.context().close();
  });

  test("the reference finds an endpoint by search, shows it on a phone, and asks no other host", async () => {
    const { page, watched } = await open("/docs/reference", { viewport: PHONE, colorScheme: "dark" });
    await page.getByRole("heading", { name: "Guildhall" }).waitFor(PATIENT);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(PHONE.width);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").or(page.getByPlaceholder(/search/i)).first().fill("resend");
    await page.getByRole("option", { name: /resend/i }).first().click(PATIENT);
    await page.waitForURL(/#tag\/invitations\/resendInvitation/, PATIENT);
    expect(violations(watched)).toEqual([]);
    await page.context().close();
  }, 120_000);

  test("the reference sends a request to the service that shows it", async () => {
    const { page, watched } = await open("/docs/reference#tag/environments/listEnvironments");
    await page.getByRole("button", { name: /test request/i }).first().click(PATIENT);
    await page.getByRole("button", { name: /send/i }).first().click(PATIENT);
    await page.getByText(/401/).first().waitFor(PATIENT);
    expect(OPERATOR_TOKEN).toBeTruthy();
    expect(violations(watched)).toEqual([]);
    await page.context().close();
  }, 120_000);
});
