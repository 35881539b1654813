import type { Router } from "@koa/router";
import Koa from "koa";
import type { Context } from "./context.ts";
import { docsRouter } from "./docs/docs-router.ts";
import { answerErrors, type Render } from "./http/answer-errors.ts";
import { operationsRouter } from "./http/operations.ts";
import { type RequestState, requestScope } from "./http/request-scope.ts";
import { managementRouter, renderJsonApiError } from "./management/management-router.ts";
import { renderOauthError } from "./oauth/oauth-error.ts";
import { oauthRouter } from "./oauth/oauth-router.ts";
import { openapiDocument } from "./openapi/openapi-document.ts";
import { openapiRouter } from "./openapi/openapi-router.ts";
import { recipientPages } from "./pages/recipient-pages.ts";
import { renderPageError } from "./pages/render-page-error.ts";

/**
 * The HTTP service: what every request passes, then the routers, as one list.
 * @param inbox the built-in inbox's router, where there is one.
 */
export function createApp(context: Context, inbox?: Router): Koa<RequestState> {
  const app = new Koa<RequestState>();
  const management = managementRouter(context);
  const pages = recipientPages(context);
  const oauth = oauthRouter(context);
  const operations = operationsRouter(context);
  const document = openapiDocument();
  const openapi = openapiRouter(document);
  const docs = docsRouter(document, context.settings);

  // What reaches here has been answered; Koa would print it to the console.
  app.on("error", (error) => context.log.debug({ err: error }, "a connection failed"));
  app.use(requestScope(context.log));
  app.use(answerErrors(renderByFace, context.log));
  app.use(operations.routes());
  app.use(oauth.routes());
  app.use(openapi.routes()).use(docs.routes());
  if (inbox !== undefined) app.use(inbox.routes()).use(startAtInbox);
  app.use(pages.routes());
  app.use(management.routes());
  app.use(management.allowedMethods());
  app.use(oauth.allowedMethods());
  app.use(openapi.allowedMethods()).use(docs.allowedMethods());
  app.use(pages.allowedMethods());
  return app;
}

/** Where there is an inbox, somebody is trying things out: it is the page to begin with. */
const startAtInbox: Koa.Middleware = (ctx, next) => (ctx.path === "/" ? ctx.redirect("/inbox") : next());

/** A person gets a page, a program a document: what a path and an `Accept` tell. */
const renderByFace: Render = (ctx, refusal, requestId) => {
  if (ctx.path.startsWith("/oauth/")) return renderOauthError(ctx, refusal);
  const isForm =
    ctx.is("application/x-www-form-urlencoded") !== false &&
    ctx.is("application/x-www-form-urlencoded") !== null;
  const wantsPage = ctx.path.startsWith("/i/") || isForm || ctx.accepts("json", "html") === "html";
  if (wantsPage && !ctx.path.startsWith("/api")) renderPageError(ctx, refusal, requestId);
  else renderJsonApiError(ctx, refusal, requestId);
};
