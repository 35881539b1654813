import { Router } from "@koa/router";
import type { Registry } from "prom-client";
import { bearerToken } from "../access/credentials.ts";
import type { Context } from "../context.ts";
import { Refusal } from "../errors.ts";
import type { RequestState } from "../http/request-scope.ts";
import { sameSecret } from "../lib/random-token.ts";

/** Serves `/metrics` in Prometheus' text format. */
export function metricsRouter({ settings, limiter }: Context, registry: Registry): Router<RequestState> {
  const router = new Router<RequestState>();
  router.get("/metrics", async (ctx) => {
    if (!mayRead(settings, bearerToken(ctx.headers))) {
      limiter.count("wrong_credential", ctx.ip);
      throw refused();
    }
    ctx.set({ "Content-Type": registry.contentType, "Cache-Control": "no-store" });
    ctx.body = await registry.metrics();
  });
  return router;
}

/** Without METRICS_TOKEN anyone may read it in development, and only the operator in production. */
function mayRead(
  { METRICS_TOKEN, ADMIN_TOKEN, production }: Context["settings"],
  token: string | undefined,
): boolean {
  if (METRICS_TOKEN === undefined && !production) return true;
  if (token === undefined) return false;
  return sameSecret(token, METRICS_TOKEN ?? ADMIN_TOKEN) || sameSecret(token, ADMIN_TOKEN);
}

function refused(): Refusal {
  const detail = "Send METRICS_TOKEN, or the operator's token, as `Authorization: Bearer`.";
  return new Refusal(401, [{ code: "unauthorized", detail }], {
    "WWW-Authenticate": 'Bearer realm="guildhall"',
  });
}
