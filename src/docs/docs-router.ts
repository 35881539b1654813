import { Router } from "@koa/router";
import type { Settings } from "../config.ts";
import type { RequestState } from "../http/request-scope.ts";
import { staticText } from "../http/static-text.ts";
import { findLocale } from "../mail/locales.ts";
import type { OpenApiDocument } from "../openapi/openapi-types.ts";
import { compilePage } from "../pages/compile-page.ts";
import { docsHeaders, docsStyle } from "./docs-headers.ts";
import { presentBridgeDocs } from "./present-bridge-docs.ts";
import { presentDocs } from "./present-docs.ts";

const SHARED = ["docs-codes", "docs-endpoint", "docs-permissions", "docs-steps"];

/** By path, a face's page: what it shows, and the templates it is put together from. */
const PAGES = {
  "/docs": {
    present: presentDocs,
    template: "docs",
    parts: [
      "docs-start",
      "docs-access",
      "docs-errors",
      "docs-reading",
      "docs-files",
      "docs-mail",
      "docs-walk",
      "docs-resource",
    ],
  },
  "/docs/bridge": {
    present: presentBridgeDocs,
    template: "docs-bridge",
    parts: [
      "docs-bridge-start",
      "docs-bridge-access",
      "docs-bridge-envelope",
      "docs-bridge-sharing",
      "docs-bridge-paying",
      "docs-bridge-group",
    ],
  },
};

/** The guide and the reference of each face, made once from the document that `/openapi.json` answers. */
export function docsRouter(
  document: OpenApiDocument,
  settings: Pick<Settings, "PUBLIC_URL">,
): Router<RequestState> {
  const router = new Router<RequestState>();
  for (const [path, { present, template, parts }] of Object.entries(PAGES)) {
    // Developers read English: its sentences stand in the templates.
    const fill = compilePage(template, "_docs-layout", findLocale("en"), {}, [...SHARED, ...parts]);
    const html = fill({ ...present(document, new URL(settings.PUBLIC_URL).origin), style: docsStyle.css });
    router.get(path, staticText(html, docsHeaders));
  }
  return router;
}
