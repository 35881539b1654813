import { Router } from "@koa/router";
import type { Context as KoaContext } from "koa";
import type { Context } from "../context.ts";
import { forbidden, notFound, type Refusal } from "../errors.ts";
import type { Api } from "../http/endpoint.ts";
import { JSON_API, requireAcceptable, requireJsonApiBody } from "../http/negotiate.ts";
import type { RequestState } from "../http/request-scope.ts";
import { routeEndpoints } from "../http/run-endpoint.ts";
import { errorDocument } from "../json-api/document.ts";
import { allEndpoints } from "./all-resources.ts";

/** JSON:API. To outsiders an organization doesn't exist. */
const managementApi: Api = {
  requireAcceptable,
  requireBodyType: requireJsonApiBody,
  send: sendDocument,
  emptyBody: "Send a JSON:API document.",
  outsider: () => notFound("organization"),
  leftToOwner: (detail) => forbidden("forbidden", detail),
};

/** Serves the Management API's endpoints. */
export function managementRouter(context: Context): Router<RequestState> {
  const router = new Router<RequestState>();
  routeEndpoints(router, allEndpoints, managementApi, context);
  for (const path of new Set(allEndpoints.map((endpoint) => endpoint.path).filter(isLinkage))) {
    router.register(path, ["POST", "PATCH", "DELETE"], refuseLinkage);
  }
  return router;
}

function isLinkage(path: string): boolean {
  return path.includes("/relationships/");
}

/** Most linkage can only be read at its URL. JSON:API asks for 403 then, not for the 405 of HTTP. */
function refuseLinkage(): never {
  const detail = "Relationships are changed through the resources that make them, such as membership-roles.";
  throw forbidden("relationship_not_settable", detail);
}

export function renderJsonApiError(ctx: KoaContext, refusal: Refusal, requestId: string): void {
  sendDocument(ctx, errorDocument(refusal, requestId));
}

/** The type is set by hand: Koa would add a charset, which JSON:API forbids. */
function sendDocument(ctx: KoaContext, document: object): void {
  ctx.set("Content-Type", JSON_API);
  ctx.set("Cache-Control", "no-store");
  ctx.vary("Accept");
  ctx.body = JSON.stringify(document);
}
