import { createHash } from "node:crypto";
import { Router } from "@koa/router";
import type { Settings } from "../config.ts";
import type { RequestState } from "../http/request-scope.ts";
import { findLocale } from "../mail/locales.ts";
import type { OpenApiDocument } from "../openapi/openapi-types.ts";
import { compilePage } from "../pages/compile-page.ts";
import { docsHeaders, docsStyle } from "./docs-headers.ts";
import { presentDocs } from "./present-docs.ts";

const PARTS = [
  "docs-start",
  "docs-access",
  "docs-errors",
  "docs-reading",
  "docs-walk",
  "docs-resource",
  "docs-endpoint",
];

/** `/docs`: the guide and the reference, made once from the document that `/openapi.json` answers. */
export function docsRouter(
  document: OpenApiDocument,
  settings: Pick<Settings, "PUBLIC_URL">,
): Router<RequestState> {
  // Developers read English: its sentences stand in the templates.
  const fill = compilePage("docs", "_docs-layout", findLocale("en"), {}, PARTS);
  const html = fill({ ...presentDocs(document, new URL(settings.PUBLIC_URL).origin), style: docsStyle.css });
  const etag = `"${createHash("sha256").update(html).digest("base64url").slice(0, 22)}"`;
  const router = new Router<RequestState>();
  router.get("/docs", (ctx) => {
    ctx.set(docsHeaders);
    ctx.set("ETag", etag);
    ctx.status = 200;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = html;
  });
  return router;
}
