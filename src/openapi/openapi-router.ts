import { createHash } from "node:crypto";
import { Router } from "@koa/router";
import type { RequestState } from "../http/request-scope.ts";
import type { OpenApiDocument } from "./openapi-types.ts";

/** `/openapi.json`, for anybody: it says nothing that the code, which is open, does not say. */
export function openapiRouter(document: OpenApiDocument): Router<RequestState> {
  const text = JSON.stringify(document);
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  const router = new Router<RequestState>();
  router.get("/openapi.json", (ctx) => {
    ctx.set({ ETag: etag, "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*" });
    ctx.type = "application/json";
    ctx.status = 200;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = text;
  });
  return router;
}
