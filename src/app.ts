import type { Router } from "@koa/router";
import Koa from "koa";
import { renderOauthError } from "./access/oauth/oauth-error.ts";
import { oauthRouter } from "./access/oauth/oauth-router.ts";
import { bridgeCors, bridgeRouter } from "./bridge/bridge-router.ts";
import { renderBridgeError } from "./bridge/envelope.ts";
import type { Context } from "./context.ts";
import { docsRouter } from "./docs/docs-router.ts";
import { answerErrors, type Render } from "./http/answer-errors.ts";
import { deadline, REQUEST_LIMIT } from "./http/deadline.ts";
import { operationsRouter } from "./http/operations.ts";
import { ownHostOnly } from "./http/own-host-only.ts";
import { refuseLongHeaders } from "./http/refuse-long-headers.ts";
import { type RequestState, requestScope } from "./http/request-scope.ts";
import { safeHeaders } from "./http/safe-headers.ts";
import { isMailEvents, mailEventsRouter, renderMailEventsError } from "./mail-events/mail-events-router.ts";
import { managementRouter, renderJsonApiError } from "./management/management-router.ts";
import { meterRequests } from "./metrics/meter-requests.ts";
import { metricsRegistry } from "./metrics/metrics-registry.ts";
import { metricsRouter } from "./metrics/metrics-router.ts";
import { openapiDocument } from "./openapi/openapi-document.ts";
import { openapiRouter } from "./openapi/openapi-router.ts";
import { optOutPages } from "./pages/opt-out-pages.ts";
import { recipientPages } from "./pages/recipient-pages.ts";
import { renderPageError } from "./pages/send-page.ts";

/** Only a developer's machine has these: the built-in inbox, and the previews of emails and pages. */
export interface DevelopmentRouters {
  inbox?: Router | undefined;
  previews?: Router<RequestState> | undefined;
}

/** The HTTP service: what every request passes, then the routers, as one list. */
export function createApp(
  context: Context,
  { inbox, previews }: DevelopmentRouters = {},
  requestLimit = REQUEST_LIMIT,
): Koa<RequestState> {
  const { PROXIES } = context.settings;
  // Of X-Forwarded-For, what our own proxies wrote counts; what stands before it a caller may have made up.
  const app = new Koa<RequestState>({ proxy: PROXIES > 0, maxIpsCount: PROXIES });
  const management = managementRouter(context);
  const bridge = bridgeRouter(context);
  const pages = recipientPages(context);
  const optOut = optOutPages(context);
  const mailEvents = mailEventsRouter(context);
  const oauth = oauthRouter(context);
  const operations = operationsRouter(context);
  const registry = metricsRegistry(context);
  const metrics = metricsRouter(context, registry);
  const document = openapiDocument(new URL(context.settings.PUBLIC_URL).origin);
  const openapi = openapiRouter(document);
  const docs = docsRouter(context.settings);

  // What reaches here has been answered; Koa would print it to the console.
  app.on("error", (error) => context.log.debug({ err: error }, "a connection failed"));
  app.use(safeHeaders(context.settings));
  app.use(requestScope(context.log));
  app.use(meterRequests(registry));
  app.use(bridgeCors(context.settings));
  app.use(answerErrors(renderByFace, context.log));
  app.use(deadline(requestLimit));
  app.use(refuseLongHeaders);
  app.use(operations.routes()).use(metrics.routes());
  app.use(oauth.routes());
  app.use(openapi.routes()).use(docs.routes());
  if (inbox !== undefined)
    app.use(ownHostOnly(context.settings, inbox)).use(inbox.routes()).use(startAtInbox);
  if (previews !== undefined) app.use(ownHostOnly(context.settings, previews)).use(previews.routes());
  app.use(pages.routes()).use(optOut.routes());
  app.use(mailEvents.routes());
  app.use(management.routes());
  app.use(bridge.routes());
  app.use(management.allowedMethods()).use(bridge.allowedMethods());
  app.use(oauth.allowedMethods());
  app.use(openapi.allowedMethods()).use(docs.allowedMethods());
  app.use(pages.allowedMethods()).use(optOut.allowedMethods());
  app.use(mailEvents.allowedMethods());
  return app;
}

/** Where there is an inbox, somebody is trying things out: it is the page to begin with. */
const startAtInbox: Koa.Middleware = (ctx, next) => (ctx.path === "/" ? ctx.redirect("/inbox") : next());

/** A person gets a page, a program a document: what a path and an `Accept` tell. */
const renderByFace: Render = (ctx, refusal, requestId) => {
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
