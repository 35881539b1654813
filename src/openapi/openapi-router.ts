import { Router } from "@koa/router";
import type { RequestState } from "../http/request-scope.ts";
import { staticText } from "../http/static-answers.ts";
import type { OpenApiDocument } from "./openapi-types.ts";

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
