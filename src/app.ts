import { Router } from "@koa/router";
import Koa from "koa";
import { renderOauthError } from "./access/oauth/oauth-error.ts";
import { oauthRouter } from "./access/oauth/oauth-router.ts";
import { bridgeCors, bridgeRouter } from "./bridge/bridge-router.ts";
import { renderBridgeError } from "./bridge/envelope.ts";
import type { Context } from "./context.ts";
import { answerErrors, type Render } from "./http/answer-errors.ts";
import { deadline, REQUEST_LIMIT } from "./http/deadline.ts";
import { healthRouter } from "./http/health.ts";
import { ownHostOnly } from "./http/own-host-only.ts";
import { type RequestState, requestScope } from "./http/request-scope.ts";
import { refuseLongHeaders, safeHeaders } from "./http/safe-headers.ts";
import { isMailEvents, mailEventsRouter, renderMailEventsError } from "./mail-events/mail-events-router.ts";
import { managementRouter, renderJsonApiError } from "./management/management-router.ts";
import { meterRequests } from "./metrics/meter-requests.ts";
import { metricsRegistry } from "./metrics/metrics-registry.ts";
import { metricsRouter } from "./metrics/metrics-router.ts";
import { optOutPages } from "./pages/opt-out-pages.ts";
import { recipientPages } from "./pages/recipient-pages.ts";
import { renderPageError } from "./pages/send-page.ts";
import { docsRouter, openapiRouter } from "./reference/docs-router.ts";

/** Routers that only a developer's machine has: the built-in inbox, and the previews of emails and pages. */
interface DevelopmentRouters {
  inbox?: Router | undefined;
  previews?: Router<RequestState> | undefined;
}

/** Creates the HTTP service from two lists: the middleware that every request passes, and the routers. */
export function createApp(
  context: Context,
  { inbox, previews }: DevelopmentRouters = {},
  requestLimit = REQUEST_LIMIT,
): Koa<RequestState> {
  const { settings, log } = context;
  // Trusts only the part of X-Forwarded-For that our own proxies wrote. A caller may have made up the rest.
  const app = new Koa<RequestState>({ proxy: settings.PROXIES > 0, maxIpsCount: settings.PROXIES });
  // By then the request has been answered. Without this, Koa would print the error to the console.
  app.on("error", (error) => log.debug({ err: error }, "a connection failed"));
  const registry = metricsRegistry(context);
  const local = [inbox, previews].filter((router) => router !== undefined);
  const passed = [
    safeHeaders(settings),
    requestScope(log),
    meterRequests(registry),
    bridgeCors(settings),
    answerErrors(renderError, log),
    deadline(requestLimit),
    refuseLongHeaders,
    ...local.map((router) => ownHostOnly(settings, router)),
    ...(inbox === undefined ? [] : [startAtInbox]),
  ];
  const routers = [
    healthRouter(context),
    metricsRouter(context, registry),
    oauthRouter(context),
    openapiRouter(settings),
    docsRouter(settings),
    ...local,
    recipientPages(context),
    optOutPages(context),
    mailEventsRouter(context),
    managementRouter(context),
    bridgeRouter(context),
  ];
  for (const middleware of passed) app.use(middleware);
  for (const router of routers) app.use(router.routes());
  // One is enough: it looks at all routes that matched, of any router.
  app.use(new Router().allowedMethods());
  return app;
}

/** Redirects `/` to the inbox, because people who have one are trying things out. */
const startAtInbox: Koa.Middleware = (ctx, next) => (ctx.path === "/" ? ctx.redirect("/inbox") : next());

/** Renders an error as a page for people and as a document for programs, by path and `Accept`. */
const renderError: Render = (ctx, refusal, requestId) => {
  if (ctx.path.startsWith("/oauth/")) return renderOauthError(ctx, refusal);
  if (ctx.path.startsWith("/bridge-payment")) return renderBridgeError(ctx, refusal, requestId);
  if (isMailEvents(ctx.path)) return renderMailEventsError(ctx, refusal, requestId);
  const isForm =
    ctx.is("application/x-www-form-urlencoded") !== false &&
    ctx.is("application/x-www-form-urlencoded") !== null;
  const wantsPage = /^\/[iu]\//i.test(ctx.path) || isForm || ctx.accepts("json", "html") === "html";
  if (wantsPage && !ctx.path.startsWith("/api")) renderPageError(ctx, refusal, requestId);
  else renderJsonApiError(ctx, refusal, requestId);
};
