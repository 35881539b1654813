import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Router } from "@koa/router";
import type { Settings } from "../config/variables.ts";
import type { RequestState } from "../http/request-scope.ts";
import { staticFile, staticText } from "../http/static-answers.ts";
import { packageRoot } from "../lib/package-root.ts";
import { findLocale } from "../mail/locales.ts";
import { compilePage, pageStyle } from "../pages/compile-page.ts";
import type { OpenApiDocument } from "./openapi-types.ts";
import { guidePath, readGuide } from "./read-guide.ts";

/** The viewer as its publisher bundles it for browsers: one file, without dependencies. */
const VIEWER = join(
  dirname(createRequire(import.meta.url).resolve("@scalar/fastify-api-reference")),
  "js",
  "standalone.js",
);

const SCRIPT = { "Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache" };

/** `/docs`: the guide in `docs/guide`, rendered once, and a viewer of `/openapi.json`. */
export function docsRouter({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">): Router<RequestState> {
  const router = new Router<RequestState>();
  const english = findLocale("en");
  const guide = readGuide(new URL(PUBLIC_URL).origin);

  const guideStyle = pageStyle("style.css", "docs.css");
  const guideHeaders = pageHeaders("script-src 'self'", `style-src ${guideStyle.source}`);
  const fillGuide = compilePage("docs-guide", "_docs-layout", english, {});
  for (const page of guide) {
    const pages = guide.map(({ slug, title }) => ({
      title,
      path: guidePath(slug),
      sections: slug === page.slug ? page.sections : null,
    }));
    const html = fillGuide({ ...page, pages, style: guideStyle.css });
    router.get(guidePath(page.slug), staticText(html, guideHeaders));
  }

  const viewerStyle = pageStyle("docs-reference.css");
  const viewerPage = compilePage("docs-reference", "_docs-layout", english, {});
  // The viewer sets styles as it goes. Its requests can go to this service alone.
  const viewerHeaders = pageHeaders(
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "connect-src 'self'",
    "img-src 'self' data:",
  );
  router.get(
    "/docs/reference",
    staticText(viewerPage({ title: "Guildhall: reference", style: viewerStyle.css }), viewerHeaders),
  );
  for (const script of ["docs-guide.js", "docs-reference.js"]) {
    const text = readFileSync(join(packageRoot(), "templates", "pages", script), "utf8");
    router.get(`/docs/${script}`, staticText(text, SCRIPT));
  }
  router.get("/docs/viewer.js", staticFile(VIEWER, SCRIPT));
  return router;
}

function pageHeaders(...sources: string[]): Record<string, string> {
  return {
    "Content-Security-Policy": [
      "default-src 'none'",
      ...sources,
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join("; "),
    "Cache-Control": "no-cache",
    "Content-Type": "text/html; charset=utf-8",
  };
}

/** `/openapi.json`, for anybody: it says nothing that the code, which is open, does not say. */
export function openapiRouter(document: OpenApiDocument): Router<RequestState> {
  const headers = {
    "Cache-Control": "no-cache",
    "Access-Control-Allow-Origin": "*",
    "Content-Type": "application/json; charset=utf-8",
  };
  const router = new Router<RequestState>();
  router.get("/openapi.json", staticText(JSON.stringify(document), headers));
  return router;
}
