import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { answerErrors } from "../src/http/answer-errors.ts";
import { type RequestState, requestScope } from "../src/http/request-scope.ts";
import { packageRoot } from "../src/lib/package-root.ts";
import { previews } from "../src/local/previews.ts";
import { previewsRouter } from "../src/local/previews-router.ts";
import { createLog } from "../src/log.ts";
import { locales } from "../src/mail/locales.ts";
import { renderPageError } from "../src/pages/send-page.ts";

// Saves to a copy, because other tests read the templates at the same time. Test files share their modules, so those
// that know where the templates are must be loaded again for this file and for the ones after it.
vi.hoisted(() => vi.resetModules());
afterAll(() => vi.resetModules());
vi.mock("../src/lib/package-root.ts", () => import("./support/own-templates.ts"));

const log = createLog("silent", "test");
const app = new Koa<RequestState>();
app.use(requestScope(log));
app.use(answerErrors(renderPageError, log));
app.use(previewsRouter({ hasInbox: true }).routes());
const server = createServer(app.callback());
let origin: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function get(path: string): Promise<{ status: number; headers: Headers; body: string }> {
  const answer = await fetch(origin + path);
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

test("the index of previews links to every email and page in every language", async () => {
  const { status, body } = await get("/dev/mails");
  expect(status).toBe(200);
  for (const { path } of previews)
    for (const language of locales.keys()) expect(body).toContain(`href="/dev/mails/${path}/${language}"`);
  expect(body).toContain('href="/inbox"');
});

describe.each(previews)("$path", ({ group, path }) => {
  test.each(["en", "ar"])("has a preview in %s, light and dark, and an email's text", async (language) => {
    const { status, body } = await get(`/dev/mails/${path}/${language}?width=phone`);
    expect(status).toBe(200);
    for (const scheme of ["light", "dark"]) {
      const src = `/dev/mails/${path}/${language}/${scheme}`;
      expect(body).toContain(`<iframe src="${src}" sandbox `);
      const frame = await get(src);
      expect(frame.status).toBe(200);
      expect(frame.body).toContain(`<html lang="${language}"`);
      expect(frame.body).not.toContain("prefers-color-scheme");
    }
    expect(body.includes("<pre")).toBe(group === "mails");
  });
});

test("the frame of a preview may use its own styles and nothing else", async () => {
  const { headers } = await get("/dev/mails/mails/invitation/en/dark");
  expect(headers.get("Content-Security-Policy")).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox",
  );
});

test("the previews run one script and load nothing from elsewhere", async () => {
  const { headers, body } = await get("/dev/mails/mails/invitation/en");
  expect(headers.get("Content-Security-Policy")).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; connect-src 'self'; frame-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'$/,
  );
  expect(body.match(/<script/g)).toHaveLength(1);
  expect(body).not.toMatch(/(?:src|href)="(?!\/)/);
});

describe("a template that is saved", () => {
  const file = join(packageRoot(), "templates", "invitation-declined.txt");
  const locale = join(packageRoot(), "templates", "locales", "en.json");
  const path = "/dev/mails/mails/invitation-declined/en";

  test("makes a new version, and the preview shows it", async () => {
    const source = await readFile(file, "utf8");
    const before = (await get("/dev/mails/version")).body;
    expect((await get("/dev/mails/version")).body).toBe(before);
    await writeFile(file, `Saved just now\n${source}`);
    expect((await get("/dev/mails/version")).body).not.toBe(before);
    expect((await get(path)).body).toContain("Saved just now");
    await writeFile(file, source);
  });

  test.each([
    [
      "a text that does not exist",
      file,
      (source: string) => `${source}[[no_such_text]]\n`,
      "lacks the text no_such_text",
    ],
    [
      "a value that does not exist",
      file,
      (source: string) => `${source}{{no_such_value}}\n`,
      "no_such_value",
    ],
    ["an extra comma", locale, (source: string) => source.replace("{", "{,"), "en.json: "],
  ])("with %s has a preview that says what is wrong", async (_, broken, breakIt, problem) => {
    const source = await readFile(broken, "utf8");
    await writeFile(broken, breakIt(source));
    const { status, body } = await get(path);
    expect(status).toBe(200);
    expect(body).toMatch(/role="alert"/);
    expect(body).toContain(problem);
    expect((await get("/dev/mails")).status).toBe(200);
    await writeFile(broken, source);
    expect((await get(path)).body).not.toContain('role="alert"');
  });
});

test.each([
  "/dev/mails/mails/nothing/en",
  "/dev/mails/pages/invitation/tlh",
  "/dev/mails/mails/constructor/en",
  "/dev/mails/mails/..%2f..%2fpackage/en",
  "/dev/mails/mails/invitation/en/sepia",
])("the previews answer 404 at %s", async (path) => {
  expect((await get(path)).status).toBe(404);
});
