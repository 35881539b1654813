import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Koa from "koa";
import { createTransport } from "nodemailer";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import type { RequestState } from "../../src/http/request-scope.ts";
import { packageRoot } from "../../src/lib/package-root.ts";
import { type Inbox, startInbox } from "../../src/local/inbox.ts";
import { inboxRouter } from "../../src/local/inbox-router.ts";
import { previewsRouter } from "../../src/local/previews-router.ts";
import { createMailRenderer } from "../../src/mail/mail-renderer.ts";
import { mails } from "../../src/mail/mails.ts";
import { launchChromium, type Watched, watch } from "../support/chromium.ts";
import { describeInBrowser } from "../support/describe-in-browser.ts";
import { problemsOf } from "../support/page-problems.ts";

// Saves to a copy, because other tests read the templates at the same time. Test files share their modules, so those
// that know where the templates are must be loaded again for this file and for the ones after it.
vi.hoisted(() => vi.resetModules());
afterAll(() => vi.resetModules());
vi.mock("../../src/lib/package-root.ts", () => import("../support/own-templates.ts"));

describeInBrowser("a developer's browser", () => {
  let directory: string;
  let inbox: Inbox;
  let browser: Browser;
  let origin: string;
  let server: Server;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "inbox-"));
    const app = new Koa<RequestState>();
    app.use(inboxRouter({ directory }).routes()).use(previewsRouter({ hasInbox: true }).routes());
    server = createServer(app.callback());
    inbox = await startInbox({ directory });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server.closeAllConnections();
    server.close();
    await inbox?.stop();
    await rm(directory, { recursive: true });
  });

  async function open(path: string): Promise<{ page: Page; watched: Watched }> {
    const context = await browser.newContext();
    const watched = watch(context, origin);
    const page = await context.newPage();
    await page.goto(origin + path);
    return { page, watched };
  }

  test("the inbox shows an email in a frame where its scripts don't run", async () => {
    const { subject, html, text } = createMailRenderer(inject("mailSources")).render(
      "invitation",
      mails.invitation.sample,
      "en",
    );
    const hostile = html.replace("</body>", "<script>document.title = 'it ran'</script></body>");
    const transport = createTransport(inbox.smtpUrl);
    await transport.sendMail({
      from: "a@app.example",
      to: "grace@example.com",
      subject,
      html: hostile,
      text,
    });
    transport.close();

    const { page, watched } = await open("/inbox");
    expect(await problemsOf(page)).toEqual([]);
    await page.getByRole("link", { name: subject }).click();
    const frame = page.frameLocator("iframe");
    await frame.getByRole("link", { name: "Accept invitation" }).waitFor();
    expect(await page.locator("iframe").getAttribute("sandbox")).not.toContain("allow-scripts");
    const mail = page.frames().find((candidate) => candidate.url().endsWith("/html"));
    expect(await mail?.title()).toBe(subject);
    expect(await problemsOf(page)).toEqual([]);
    expect(watched.foreign).toEqual([]);
    await page.context().close();
  });

  test("the inbox keeps the focus when an email arrives, and shows local time", async () => {
    const send = (subject: string) =>
      createTransport(inbox.smtpUrl).sendMail({
        from: "a@b.example",
        to: "c@d.example",
        subject,
        text: "x",
      });
    await send("first of two");
    const { page, watched } = await open("/inbox");
    await page.getByText("first of two").waitFor();
    await page.locator("a", { hasText: "first of two" }).focus();
    await send("second of two");
    await page.getByText("second of two").waitFor();
    expect(await page.evaluate("document.activeElement.innerText")).toContain("first of two");
    expect(await page.locator("time").first().getAttribute("title")).toMatch(/\d/);
    expect(watched).toEqual({ foreign: [], complaints: [] });
    await page.context().close();
  });

  test("the inbox leads to the preview of an email in Arabic", async () => {
    const { page, watched } = await open("/inbox");
    await page.getByRole("link", { name: "previews" }).click();
    await page.getByRole("heading", { level: 1, name: "Emails and pages" }).waitFor();
    expect(await problemsOf(page)).toEqual([]);
    await page.getByRole("link", { name: "invitation-reminder" }).click();
    await page.getByRole("link", { name: "Arabic" }).click();
    await page.getByRole("link", { name: "Phone" }).click();
    await page.waitForURL(`${origin}/dev/mails/mails/invitation-reminder/ar?width=phone`);
    expect(await problemsOf(page)).toEqual([]);
    expect(watched).toEqual({ foreign: [], complaints: [] });
    await page.context().close();
  });

  test("a preview shows light and dark side by side, whatever the system prefers", async () => {
    const { page } = await open("/dev/mails/pages/invitation/en");
    const background = (index: number) =>
      page.frames()[index]?.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await background(1)).toBe("rgb(246, 245, 242)");
      expect(await background(2)).toBe("rgb(20, 20, 18)");
    }
    await page.context().close();
  });

  test("a preview reloads when its template is saved, and shows what is wrong", async () => {
    const file = join(packageRoot(), "templates", "invitation-declined.txt");
    const source = await readFile(file, "utf8");
    const { page, watched } = await open("/dev/mails/mails/invitation-declined/en");
    await writeFile(file, `Saved just now\n\n${source}`);
    await page.getByText("Saved just now").waitFor();
    await writeFile(file, `${source}[[no_such_text]]\n`);
    await page.getByText("The locale en lacks the text no_such_text").waitFor();
    await writeFile(file, source);
    await page.getByRole("heading", { name: "Dark" }).waitFor();
    expect(watched.foreign).toEqual([]);
    await page.context().close();
  });
});
