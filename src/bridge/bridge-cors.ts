import cors from "@koa/cors";
import type Koa from "koa";
import type { Settings } from "../config/variables.ts";

/**
 * Lets front ends of other origins call the Bridge API from a browser. Credentials travel in a header a page sets
 * itself, never by cookie, so a foreign page gains nothing by an origin that is allowed.
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
