import cors from "@koa/cors";
import { Router } from "@koa/router";
import type Koa from "koa";
import type { Settings } from "../config/variables.ts";
import type { Context } from "../context.ts";
import { forbidden, notFound, Refusal } from "../errors.ts";
import type { Api } from "../http/endpoint.ts";
import { parseMediaType } from "../http/negotiate.ts";
import type { RequestState } from "../http/request-scope.ts";
import { routeEndpoints } from "../http/run-endpoint.ts";
import { allBridgeEndpoints } from "./all-bridge-endpoints.ts";

/** Plain JSON. Organizations the caller isn't a member of and unknown ones get the same 403. */
const bridgeApi: Api = {
  requireAcceptable() {},
  requireBodyType(headers) {
    if (parseMediaType(headers["content-type"] ?? "").type === "application/json") return;
    const detail = "Send the body as application/json.";
    throw new Refusal(415, [{ code: "unsupported_media_type", detail, source: { header: "Content-Type" } }]);
  },
  emptyBody: null,
  send(ctx, document) {
    ctx.set("Cache-Control", "no-store");
    ctx.body = document;
  },
  outsider: (named) =>
    named?.resource === undefined
      ? forbidden("forbidden", "You are not a member of this organization.")
      : notFound("resource"),
  leftToOwner: (detail) => forbidden("members_left_to_owner", detail),
};

/** Serves the Bridge API's endpoints. */
export function bridgeRouter(context: Context): Router<RequestState> {
  // Errors are rendered by path, so paths are case-sensitive.
  const router = new Router<RequestState>({ sensitive: true });
  routeEndpoints(router, allBridgeEndpoints, bridgeApi, context);
  return router;
}

/**
 * Lets front ends of other origins call the Bridge API from a browser. Credentials are sent in a header that a page sets
 * itself, never in a cookie, so a page of another origin gains nothing.
 */
export function bridgeCors({
  BRIDGE_ORIGINS,
  production,
}: Pick<Settings, "BRIDGE_ORIGINS" | "production">): Koa.Middleware {
  const allowed = BRIDGE_ORIGINS ?? (production ? [] : ["*"]);
  const answer = cors({
    origin: (ctx) =>
      allowed.includes("*") ? "*" : (allowed.find((origin) => origin === ctx.get("Origin")) ?? ""),
    allowMethods: "GET,HEAD,POST,PUT,PATCH,DELETE",
    allowHeaders: "Content-Type,Authorization,X-Session-ID,X-Device-ID,X-Environment,Idempotency-Key",
    exposeHeaders: "X-Request-Id,Retry-After,Idempotency-Replayed",
    maxAge: 86_400,
    keepHeadersOnError: false,
  });
  return (ctx, next) => (ctx.path.startsWith("/bridge-payment/") ? answer(ctx, next) : next());
}
