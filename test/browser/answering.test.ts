import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { maskEmailAddress } from "../../src/lib/email-address.ts";
import type { Organization } from "../../src/models/organization.ts";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "../support/builders.ts";
import { launchChromium, tabTo, type Watched, watch } from "../support/chromium.ts";
import { describeInBrowser } from "../support/describe-in-browser.ts";
import { type Guildhall, startGuildhall } from "../support/guildhall.ts";
import { tokenIn } from "../support/mailbox.ts";
import { problemsOf } from "../support/page-problems.ts";

describeInBrowser("a person with a browser", () => {
  let guildhall: Guildhall;
  let browser: Browser;
  let organization: Organization;

  beforeAll(async () => {
    guildhall = await startGuildhall({ worker: true });
    browser = await launchChromium();
    const owner = await buildPerson(guildhall, { first_name: "Ada", last_name: "Lovelace" });
    organization = await buildOrganization(guildhall, owner);
  });
  afterAll(async () => {
    await browser?.close();
    await guildhall?.stop();
  });

  /** Invites a new address. @returns the Accept link of its email. */
  async function mailedInvitation(
    attributes: object = {},
  ): Promise<{ id: string; email: string; link: string }> {
    const email = uniqueEmail();
    const created = await invite(guildhall, organization, email, attributes);
    const token = tokenIn(await guildhall.mailbox.waitFor(email));
    return { id: created.body.data.id, email, link: `${guildhall.api.origin}/i/${token}` };
  }

  async function open(
    link: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; watched: Watched }> {
    const context = await browser.newContext(options);
    const watched = watch(context, guildhall.api.origin);
    const page = await context.newPage();
    await page.goto(link);
    return { page, watched };
  }

  /** Waits for the page with this title, because a click ends before its page is there. */
  const reads = (page: Page, title: string) =>
    page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();

  async function accept(page: Page): Promise<void> {
    await page.getByRole("button", { name: "Accept invitation" }).click();
    await reads(page, "Welcome to Acme Corp");
  }

  async function statusOf(id: string): Promise<string> {
    return (await guildhall.db("invitations").where({ id }).first("status")).status;
  }

  async function changeSettings(settings: object): Promise<void> {
    const merged = guildhall.db.raw("settings || ?::jsonb", [JSON.stringify(settings)]);
    await guildhall.db("environments").where({ handle: "acme-test" }).update({ settings: merged });
  }

  test("an invitee sees who invites them to what, and a URL without the token", async () => {
    const { id, email, link } = await mailedInvitation({ message: "Welcome aboard!" });
    const { page, watched } = await open(link);
    expect(page.url()).toBe(`${guildhall.api.origin}/invitations/${id}`);
    const shown = await page.getByRole("main").innerText();
    for (const fact of ["Acme Corp", "Welcome aboard!", maskEmailAddress(email), "Member", "UTC"])
      expect(shown).toContain(fact);
    expect(await page.locator("body").innerText()).toContain("Not your address?");
    expect(await problemsOf(page)).toEqual([]);
    expect(watched).toEqual({ foreign: [], complaints: [] });
    await page.context().close();
  });

  test("an invitee accepts with the keyboard alone, and sees the focus", async () => {
    const { id, link } = await mailedInvitation();
    const { page, watched } = await open(link);
    await tabTo(page, "Accept invitation");
    const outline = await page.evaluate<{ style: string; width: string; color: string }>(
      `(({ outlineStyle: style, outlineWidth: width, outlineColor: color }) => ({ style, width, color }))
        (getComputedStyle(document.activeElement))`,
    );
    expect(outline).toEqual({ style: "solid", width: "3px", color: "rgb(31, 95, 74)" });
    await page.keyboard.press("Enter");
    await reads(page, "Welcome to Acme Corp");
    expect(await statusOf(id)).toBe("accepted");
    expect(await problemsOf(page)).toEqual([]);
    expect(watched).toEqual({ foreign: [], complaints: [] });
    await page.context().close();
  });

  test("an invitee declines by the email's other link", async () => {
    const { id, link } = await mailedInvitation();
    const { page } = await open(`${link}?answer=decline`);
    expect(await statusOf(id)).toBe("pending");
    await page.getByRole("button", { name: "Decline" }).click();
    await reads(page, "Invitation declined");
    expect(await statusOf(id)).toBe("declined");
    await page.context().close();
  });

  test("an invitee answers without JavaScript", async () => {
    const { id, link } = await mailedInvitation();
    const { page } = await open(link, { javaScriptEnabled: false });
    await accept(page);
    expect(await statusOf(id)).toBe("accepted");
    await page.context().close();
  });

  test("an accepted invitation stays accepted after going back and reloading", async () => {
    const { link } = await mailedInvitation();
    const { page } = await open(link);
    await accept(page);
    for (const again of [
      () => page.goBack(),
      () => page.reload(),
      () => page.goForward(),
      () => page.goto(link),
    ]) {
      await again();
      await reads(page, "Welcome to Acme Corp");
    }
    await page.context().close();
  });

  test("accepting leads to the environment's URL, which gets no referrer", async () => {
    const there = "https://app.example/welcome?from=mail";
    await changeSettings({ redirect_url: there });
    const { link } = await mailedInvitation();
    const { page, watched } = await open(link);
    let referrer: string | undefined = "not asked";
    await page.route("https://app.example/**", (route) => {
      referrer = route.request().headers().referer;
      return route.fulfill({ body: "the product" });
    });
    await accept(page);
    expect(watched.foreign).toEqual([]);
    await page.getByRole("link", { name: "Continue" }).click();
    await page.waitForURL(there);
    expect(referrer).toBeUndefined();
    await page.context().close();
  });

  test("an invitation stays open after a scanner with scripts followed its links", async () => {
    const { id, link } = await mailedInvitation();
    for (const way of [link, `${link}?answer=decline`]) {
      const scanner = await open(way);
      await scanner.page.waitForLoadState("networkidle");
      await scanner.page.evaluate("document.querySelectorAll('a').forEach((a) => fetch(a.href))");
      await scanner.page.mouse.wheel(0, 2_000);
      await scanner.page.context().close();
    }
    expect(await statusOf(id)).toBe("pending");
    const { page } = await open(link);
    await accept(page);
    expect(await statusOf(id)).toBe("accepted");
    await page.context().close();
  });

  test.each([
    ["revoked", { status: "revoked", revoked_at: new Date() }, "This invitation was withdrawn"],
    ["expired", { expires_at: new Date(0) }, "This invitation has expired"],
    ["superseded", { token_version: 9 }, "There is a newer email"],
    ["declined", { status: "declined", declined_at: new Date() }, "Invitation declined"],
  ])("a late invitee reads what became of an invitation that is %s", async (_, change, title) => {
    const { id, link } = await mailedInvitation();
    await guildhall.db("invitations").where({ id }).update(change);
    const { page, watched } = await open(link);
    await reads(page, title);
    expect(await page.getByRole("button").count()).toBe(0);
    expect(await problemsOf(page)).toEqual([]);
    expect(watched.foreign).toEqual([]);
    await page.context().close();
  });

  test("the page is in the invitation's language, else in the environment's", async () => {
    await changeSettings({ locale: "de" });
    for (const [attributes, lang, dir, accept] of [
      [{}, "de", "ltr", "Einladung annehmen"],
      [{ locale: "pt-BR" }, "pt", "ltr", "Aceitar convite"],
      [{ locale: "ar" }, "ar", "rtl", "قبول الدعوة"],
    ] as const) {
      const { link } = await mailedInvitation(attributes);
      const { page } = await open(link);
      expect(await page.locator("html").getAttribute("lang")).toBe(lang);
      expect(await page.locator("html").getAttribute("dir")).toBe(dir);
      expect(await page.getByRole("button", { name: accept }).count()).toBe(1);
      await page.context().close();
    }
  });

  test("an invitee opts out by the email's last link and one button", async () => {
    const { email } = await mailedInvitation({ locale: "en" });
    const { mail } = await guildhall.mailbox.waitFor(email);
    const { page, watched } = await open(/^https?:\S+\/u\/\S+$/m.exec(mail.text ?? "")?.[0] ?? "no link");
    await reads(page, "Stop invitations?");
    expect(await problemsOf(page)).toEqual([]);
    await tabTo(page, "Don't invite me again");
    await page.keyboard.press("Enter");
    await reads(page, "No more invitations");
    expect(await page.getByRole("main").innerText()).toContain(maskEmailAddress(email));
    expect(await problemsOf(page)).toEqual([]);
    expect(watched).toEqual({ foreign: [], complaints: [] });
    const suppressed = await guildhall.db("suppressions").where({ email_canonical: email });
    expect(suppressed).toMatchObject([{ reason: "opted_out" }]);
    await page.context().close();
  });

  test("an incomplete link gets a page in the browser's language", async () => {
    const { page } = await open(`${guildhall.api.origin}/i/broken`, { locale: "ar" });
    expect(await page.locator("html").getAttribute("dir")).toBe("rtl");
    expect(await problemsOf(page)).toEqual([]);
    await page.context().close();
  });
});
