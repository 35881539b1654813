import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Organization } from "../../src/models/organization.ts";
import { buildOrganization, buildPerson } from "../support/builders.ts";
import { launchWithoutCookies, watch } from "../support/chromium.ts";
import { describeInBrowser } from "../support/describe-in-browser.ts";
import { type Guildhall, startGuildhall } from "../support/guildhall.ts";
import { type Invited, invited, linkToken } from "../support/invitations.ts";

describeInBrowser("a person whose browser blocks cookies", () => {
  let guildhall: Guildhall;
  let browser: BrowserContext;
  let organization: Organization;

  beforeAll(async () => {
    guildhall = await startGuildhall();
    browser = await launchWithoutCookies(inject("scratch"));
    organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  });
  afterAll(async () => {
    await browser?.close();
    await guildhall?.stop();
  });

  const linkOf = ({ id }: Invited) => `${guildhall.api.origin}/i/${linkToken(guildhall, id)}`;

  async function open(link: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(link);
    return page;
  }

  const reads = (page: Page, title: string) =>
    page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();

  const press = (page: Page, name: string) => page.getByRole("button", { name }).click();

  async function statusOf({ id }: Invited): Promise<string> {
    return (await guildhall.db("invitations").where({ id }).first("status")).status;
  }

  test("without cookies, an accepted invitation stays accepted", async () => {
    const invitation = await invited(guildhall, organization);
    const watched = watch(browser, guildhall.api.origin);
    const page = await open(linkOf(invitation));
    await page.reload();
    await press(page, "Accept invitation");
    await reads(page, "Welcome to Acme Corp");
    expect(await statusOf(invitation)).toBe("accepted");
    for (const again of [
      () => page.reload(),
      () => page.goBack(),
      () => page.goForward(),
      () => page.goto(linkOf(invitation)),
    ]) {
      await again();
      await reads(page, "Welcome to Acme Corp");
    }
    expect(watched).toEqual({ foreign: [], complaints: [] });
    expect(await browser.cookies()).toEqual([]);
    await page.close();
  });

  test("without cookies, an invitee declines by the email's other link", async () => {
    const invitation = await invited(guildhall, organization);
    const page = await open(`${linkOf(invitation)}?answer=decline`);
    await press(page, "Decline");
    await reads(page, "Invitation declined");
    expect(await statusOf(invitation)).toBe("declined");
    await page.close();
  });

  test("without cookies, neither address bar nor history has the link", async () => {
    const invitation = await invited(guildhall, organization);
    const page = await open(linkOf(invitation));
    const signature = linkToken(guildhall, invitation.id).slice(-43);
    expect(page.url()).not.toContain(signature);
    await press(page, "Accept invitation");
    await reads(page, "Welcome to Acme Corp");
    const session = await browser.newCDPSession(page);
    const { entries } = await session.send("Page.getNavigationHistory");
    expect(entries.map(({ url }) => url).join()).not.toContain(signature);
    await page.close();
  });

  test("without cookies, two tabs answer two invitations independently", async () => {
    const [first, second] = [await invited(guildhall, organization), await invited(guildhall, organization)];
    const [one, two, three] = [
      await open(linkOf(first)),
      await open(linkOf(second)),
      await open(linkOf(second)),
    ];
    await press(one, "Accept invitation");
    await reads(one, "Welcome to Acme Corp");
    await press(two, "Decline");
    await reads(two, "Invitation declined");
    await press(three, "Accept invitation");
    await reads(three, "Invitation declined");
    expect([await statusOf(first), await statusOf(second)]).toEqual(["accepted", "declined"]);
    for (const page of [one, two, three]) await page.close();
  });

  test("without cookies, an invitee opts out and can reload the page", async () => {
    const { id, email } = await invited(guildhall, organization);
    const page = await open(`${guildhall.api.origin}/u/${guildhall.context.linkKeys.signOptOut(id)}`);
    await press(page, "Don't invite me again");
    await reads(page, "No more invitations");
    await page.reload();
    await reads(page, "No more invitations");
    const suppressed = await guildhall.db("suppressions").where({ email_canonical: email });
    expect(suppressed).toMatchObject([{ reason: "opted_out" }]);
    await page.close();
  });
});
