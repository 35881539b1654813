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
import { openapiDocument } from "./openapi-document.ts";
import { GUIDE_SLUGS, type GuidePage, guidePath, readGuide } from "./read-guide.ts";

/** The viewer as its publisher bundles it for browsers: one file, without dependencies. */
const VIEWER = join(
  dirname(createRequire(import.meta.url).resolve("@scalar/fastify-api-reference")),
  "js",
  "standalone.js",
);

const SCRIPT = { "Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache" };

/** `/docs`: the guide in `docs/guide`, rendered at the first visit, and a viewer of `/openapi.json`. */
export function docsRouter({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">): Router<RequestState> {
  const router = new Router<RequestState>();
  const english = findLocale("en");
  const { origin } = new URL(PUBLIC_URL);

  const guideStyle = pageStyle("style.css", "docs.css");
  const guideHeaders = pageHeaders("script-src 'self'", `style-src ${guideStyle.source}`);
  const fillGuide = compilePage("docs-guide", "_docs-layout", english, {});
  let guide: GuidePage[] | undefined;
  for (const slug of GUIDE_SLUGS) {
    const make = () => {
      guide ??= readGuide(origin);
      const pages = guide.map(({ sections, ...page }) => ({
        title: page.title,
        path: guidePath(page.slug),
        sections: page.slug === slug ? sections : null,
      }));
      return fillGuide({ ...guide.find((page) => page.slug === slug), pages, style: guideStyle.css });
    };
    router.get(guidePath(slug), staticText(make, guideHeaders));
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
    staticText(() => viewerPage({ title: "Guildhall: reference", style: viewerStyle.css }), viewerHeaders),
  );
  for (const script of ["docs-guide.js", "docs-reference.js"]) {
    const read = () => readFileSync(join(packageRoot(), "templates", "pages", script), "utf8");
    router.get(`/docs/${script}`, staticText(read, SCRIPT));
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

/** `/openapi.json`, for anyone: it says nothing that the code, which is open, does not say. */
export function openapiRouter({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">): Router<RequestState> {
  const { origin } = new URL(PUBLIC_URL);
  const headers = {
    "Cache-Control": "no-cache",
    "Access-Control-Allow-Origin": "*",
    "Content-Type": "application/json; charset=utf-8",
  };
  const router = new Router<RequestState>();
  router.get(
    "/openapi.json",
    staticText(() => JSON.stringify(openapiDocument(origin)), headers),
  );
  return router;
}
