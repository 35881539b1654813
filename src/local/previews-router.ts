import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Router, type RouterContext } from "@koa/router";
import { notFound } from "../errors.ts";
import type { RequestState } from "../http/request-scope.ts";
import { packageRoot } from "../lib/package-root.ts";
import { findLocale, type Locale, locales, readLocales } from "../mail/locales.ts";
import { compilePage } from "../pages/compile-page.ts";
import { forceScheme, type Preview, previews, type Rendered, renderPreview } from "./previews.ts";
import { TOOL_HEADERS, toolPage } from "./tool-page.ts";

const TEMPLATES = join(packageRoot(), "templates");

type Ctx = RouterContext<RequestState>;
type Languages = ReadonlyMap<string, Locale>;
type Problem = { problem: string };

/**
 * Shows every email and every recipient page in every language, light and dark, wide and narrow, with sample data.
 * Development only. Each request reads the templates from disk, so a page shows what was saved last.
 * @param hasInbox whether there is an inbox to link to.
 */
export function previewsRouter({ hasInbox }: { hasInbox: boolean }): Router<RequestState> {
  const router = new Router<RequestState>({ prefix: "/dev/mails" });

  router.get("/", async (ctx) => {
    const version = await templatesVersion();
    send(ctx, renderIndex(version, readLanguages().languages, hasInbox));
  });

  router.get("/version", async (ctx) => {
    ctx.set(previewPage.headers);
    ctx.body = await templatesVersion();
  });

  router.get("/:group/:name/:language", async (ctx) => {
    // First, so that a template saved while the page is rendered counts as a newer version.
    const version = await templatesVersion();
    const { preview, locale, languages, problem } = find(ctx);
    const result = problem ?? (await renderPreview(preview, locale).catch(toProblem));
    const width = ctx.query.width === "phone" ? "phone" : "desktop";
    send(ctx, renderPreviewPage(version, languages, preview, locale, width, result));
  });

  for (const scheme of ["light", "dark"] as const) {
    router.get(`/:group/:name/:language/${scheme}`, async (ctx) => {
      const { preview, locale } = find(ctx);
      const { html } = await renderPreview(preview, locale);
      send(ctx, forceScheme(html, scheme), frameHeaders);
    });
  }

  return router;
}

/** @throws 404 for an unknown email, page or language. */
function find(ctx: Ctx) {
  const { group, name, language = "" } = ctx.params;
  const { languages, problem } = readLanguages();
  const preview = previews.find(({ path }) => path === `${group}/${name}`);
  const locale = languages.get(language);
  if (preview === undefined || locale === undefined) throw notFound("page");
  return { preview, locale, languages, problem };
}

/** Reads the languages. If a file of texts is broken now, returns those read at startup, and the problem. */
function readLanguages(): { languages: Languages; problem: Problem | undefined } {
  try {
    return { languages: readLocales(), problem: undefined };
  } catch (error) {
    return { languages: locales, problem: toProblem(error) };
  }
}

function toProblem(error: unknown): Problem {
  return { problem: error instanceof Error ? error.message : String(error) };
}

function send(ctx: Ctx, html: string, headers: Record<string, string> = previewPage.headers): void {
  ctx.set(headers);
  ctx.type = "text/html; charset=utf-8";
  ctx.body = html;
}

/** Changes when a template, a text or a style sheet is saved, added or deleted. */
async function templatesVersion(): Promise<string> {
  const entries = await readdir(TEMPLATES, { recursive: true });
  // A file may disappear after it was listed.
  const times = entries.map((entry) =>
    stat(join(TEMPLATES, entry)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  );
  return `${entries.length}-${Math.max(...(await Promise.all(times)))}`;
}

/** The previews' page. Its script asks now and then whether a template was saved. */
const previewPage = toolPage("dev-reload.js", "style.css", "inbox.css", "dev.css");

/** The headers of an email or page in a frame. It may use its own styles, but not run scripts, load, send or leave the frame. */
const frameHeaders: Record<string, string> = {
  ...TOOL_HEADERS,
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox",
};

// The texts are in the templates, in English only: this is a tool for developers.
const english = findLocale("en");
const indexTemplate = compilePage("dev-index", "_dev-layout", english, {});
const previewTemplate = compilePage("dev-preview", "_dev-layout", english, {});

const fixed = { style: previewPage.css, script: previewPage.script };
const languageNames = new Intl.DisplayNames("en", { type: "language" });

const WIDTHS = [
  { width: "desktop", label: "Desktop" },
  { width: "phone", label: "Phone" },
] as const;
type Width = (typeof WIDTHS)[number]["width"];

const SCHEMES = [
  { scheme: "light", label: "Light" },
  { scheme: "dark", label: "Dark" },
];

/** Emails and pages that need a frame as high as the window. */
const TALL: string[] = ["invitation", "invitation-reminder"];

function renderIndex(version: string, languages: Languages, has_inbox: boolean): string {
  const groupOf = (name: Preview["group"], title: string) => ({
    name,
    title,
    previews: previews
      .filter(({ group }) => group === name)
      .map((preview) => ({
        ...preview,
        languages: [...languages.keys()].map((tag) => linkTo(preview, tag)),
      })),
  });
  const groups = [groupOf("mails", "Emails"), groupOf("pages", "Recipient pages")];
  return indexTemplate({ ...fixed, title: "Emails and pages", version, groups, has_inbox });
}

function renderPreviewPage(
  version: string,
  languages: Languages,
  preview: Preview,
  { language, direction }: Locale,
  width: Width,
  result: Rendered | Problem,
): string {
  const { name, path } = preview;
  return previewTemplate({
    ...fixed,
    ...{ subject: null, snippet: null, text: null, problem: null },
    ...result,
    ...{ title: `${name} · ${language}`, version, name, language, direction, width },
    height: TALL.includes(name) ? "tall" : "short",
    frames: SCHEMES.map((frame) => ({ ...frame, src: `/dev/mails/${path}/${language}/${frame.scheme}` })),
    languages: [...languages.keys()].map((tag) => ({
      ...linkTo(preview, tag, width),
      current: tag === language,
    })),
    widths: WIDTHS.map((each) => ({
      href: linkTo(preview, language, each.width).href,
      label: each.label,
      current: each.width === width,
    })),
  });
}

function linkTo({ path }: Preview, tag: string, width: Width = "desktop") {
  const query = width === "desktop" ? "" : `?width=${width}`;
  return { tag, label: languageNames.of(tag) ?? tag, href: `/dev/mails/${path}/${tag}${query}` };
}
