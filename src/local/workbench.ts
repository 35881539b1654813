import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Router, type RouterContext } from "@koa/router";
import { notFound } from "../errors.ts";
import type { RequestState } from "../http/request-scope.ts";
import { packageRoot } from "../lib/package-root.ts";
import { type Locale, locales, readLocales } from "../mail/locales.ts";
import { forceScheme, renderSpecimen, type Specimen, specimens } from "./specimens.ts";
import { frameHeaders, workbenchPage } from "./workbench-headers.ts";
import { renderIndex, renderSpecimenView, type Shown } from "./workbench-views.ts";

const TEMPLATES = join(packageRoot(), "templates");

type Ctx = RouterContext<RequestState>;
type Languages = { languages: ReadonlyMap<string, Locale>; problem: { problem: string } | undefined };

/**
 * The workbench, development only: every mail and every recipient page in every language, light and dark, wide and
 * narrow, made of samples. All is read from disk at each request, so a page shows what was saved last.
 * @param hasInbox whether there is an inbox to link to.
 */
export function workbenchRouter({ hasInbox }: { hasInbox: boolean }): Router<RequestState> {
  const router = new Router<RequestState>({ prefix: "/dev/mails" });

  router.get("/", async (ctx) => {
    send(ctx, renderIndex(await look(readLanguages().languages), hasInbox));
  });

  router.get("/version", async (ctx) => {
    ctx.set(workbenchPage.headers);
    ctx.body = await templatesVersion();
  });

  router.get("/:group/:name/:language", async (ctx) => {
    const { specimen, locale, languages, problem } = find(ctx);
    const shown = await look(languages);
    const width = ctx.query.width === "phone" ? "phone" : "desktop";
    const result = problem ?? (await renderSpecimen(specimen, locale).catch(toProblem));
    send(ctx, renderSpecimenView(shown, specimen, locale, width, result));
  });

  for (const scheme of ["light", "dark"] as const) {
    router.get(`/:group/:name/:language/${scheme}`, async (ctx) => {
      const { specimen, locale } = find(ctx);
      const { html } = await renderSpecimen(specimen, locale);
      send(ctx, forceScheme(html, scheme), frameHeaders);
    });
  }

  return router;
}

/** The version before anything is read: what is saved while a page is made shows as a newer one. */
async function look(languages: ReadonlyMap<string, Locale>): Promise<Shown> {
  return { version: await templatesVersion(), languages: [...languages.keys()] };
}

/** @throws 404 for a mail, a page or a language that isn't there. */
function find(ctx: Ctx): Languages & { specimen: Specimen; locale: Locale } {
  const { group, name, language = "" } = ctx.params;
  const { languages, problem } = readLanguages();
  const specimen = specimens.find(({ path }) => path === `${group}/${name}`);
  const locale = languages.get(language);
  if (specimen === undefined || locale === undefined) throw notFound("page");
  return { specimen, locale, languages, problem };
}

/** A file that can't be read is a problem to be shown; what there was at the start still leads around. */
function readLanguages(): Languages {
  try {
    return { languages: readLocales(), problem: undefined };
  } catch (error) {
    return { languages: locales, problem: toProblem(error) };
  }
}

/** Whoever edits a template reads here what is wrong with it. */
function toProblem(error: unknown): { problem: string } {
  return { problem: error instanceof Error ? error.message : String(error) };
}

function send(ctx: Ctx, html: string, headers = workbenchPage.headers): void {
  ctx.set(headers);
  ctx.type = "text/html; charset=utf-8";
  ctx.body = html;
}

/** Another text whenever a template, a text or a style sheet was saved, added or deleted. */
async function templatesVersion(): Promise<string> {
  const entries = await readdir(TEMPLATES, { recursive: true });
  // A file may go between being listed and being looked at.
  const times = await Promise.all(
    entries.map((entry) =>
      stat(join(TEMPLATES, entry)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return `${entries.length}-${Math.max(...times)}`;
}
