import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openapiDocument } from "../../src/reference/openapi-document.ts";
import { launchChromium, type Watched, watch } from "../support/chromium.ts";
import { describeInBrowser } from "../support/describe-in-browser.ts";
import { useGuildhall } from "../support/guildhall.ts";
import { problemsOf } from "../support/page-problems.ts";

const PHONE = { width: 390, height: 844 };
/** Rendering 150 endpoints takes a busy machine a while. */
const PATIENT = { timeout: 60_000 };

describeInBrowser("the documentation in a browser", () => {
  const guildhall = useGuildhall();
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** @returns the page, and every forbidden thing that it did. */
  async function open(
    path: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; watched: Watched }> {
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
    "the guide's page %s is readable on phone and desktop, light and dark",
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

  test("a button copies an example of the guide", async () => {
    const { page } = await open("/docs", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("button", { name: "Copy" }).nth(1).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate<string>("navigator.clipboard.readText()")).toMatch(/^curl -g "\$GUILDHALL/);
    await page.context().close();
  });

  test("the reference fits a phone, finds endpoints, and asks no other host", async () => {
    const { page, watched } = await open("/docs/reference", { colorScheme: "dark" });
    await page.getByRole("heading", { level: 1, name: "Guildhall" }).waitFor(PATIENT);
    await page.getByText("Search", { exact: true }).first().click(PATIENT);
    await page.getByLabel("Enter search query").fill("resend", PATIENT);
    await page.getByRole("option").filter({ hasText: "/api/invitations/{id}/resend" }).waitFor(PATIENT);
    await page.keyboard.press("Escape");
    await page.setViewportSize(PHONE);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(PHONE.width);
    expect(violations(watched)).toEqual([]);
    await page.context().close();
  }, 180_000);

  test("the reference opens an endpoint by link and sends its request to us", async () => {
    const { page, watched } = await open("/docs");
    // Only a part of the document, because a busy machine needs minutes to draw the whole.
    const paths = Object.entries(openapiDocument().paths).filter(([path]) => path === "/api/environments");
    const part = { ...openapiDocument("https://elsewhere.example"), paths: Object.fromEntries(paths) };
    await page.route("**/openapi.json", (route) => route.fulfill({ json: part }));
    await page.goto(`${guildhall.api.origin}/docs/reference#tag/environments/listEnvironments`);
    await page.getByRole("heading", { name: /^List every environment/ }).waitFor(PATIENT);
    await page
      .getByRole("button", { name: /test request/i })
      .first()
      .click(PATIENT);
    const answered = page.waitForResponse(/\/api\/environments$/, PATIENT);
    await page.getByText("Send Request").click(PATIENT);
    expect((await answered).status()).toBe(401);
    expect(violations(watched)).toEqual([]);
    await page.context().close();
  }, 180_000);
});
