import { Router } from "@koa/router";
import type { Context } from "../context.ts";
import type { RequestState } from "../http/request-scope.ts";
import { runEndpoint } from "../http/run-endpoint.ts";
import { allBridgeEndpoints } from "./all-bridge-endpoints.ts";
import { bridgeFace } from "./bridge-face.ts";

/** The Bridge face: its endpoints, run and put on the wire. */
export function bridgeRouter(context: Context): Router<RequestState> {
  // What is refused is put on the wire by the path as it is written here, so there is no other spelling of it.
  const router = new Router<RequestState>({ sensitive: true });
  for (const endpoint of allBridgeEndpoints) {
    router.register(endpoint.path, [endpoint.method], async (ctx) => {
      const { params, ip, headers, req: raw, state } = ctx;
      const url = ctx.path + ctx.search;
      const incoming = { params, url, ip, headers, raw, requestId: state.requestId };
      const answer = await runEndpoint(endpoint, bridgeFace, context, incoming);
      ctx.status = answer.status;
      ctx.set(answer.headers ?? {});
      ctx.set("Cache-Control", "no-store");
      ctx.body = answer.document;
    });
  }
  return router;
}
