import { Router } from "@koa/router";
import type { Context } from "../context.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";
import type { RequestState } from "./request-scope.ts";

/** For whoever runs the service. `healthz`: the process answers; `readyz`: database and queue answered just now. */
export function operationsRouter({ db, queues, log }: Context): Router<RequestState> {
  const router = new Router<RequestState>();
  const warn = createRareWarnings(log);
  router.get("/healthz", (ctx) => {
    ctx.body = { status: "ok" };
  });
  router.get("/readyz", async (ctx) => {
    const checks = await Promise.all([
      check("database", () => db.raw("select 1")),
      check("queue", () => queues.ping()),
    ]);
    const failed = checks.filter((name) => name !== undefined);
    ctx.status = failed.length === 0 ? 200 : 503;
    ctx.body = failed.length === 0 ? { status: "ok" } : { status: "unavailable", failed };
  });

  async function check(name: string, work: () => Promise<unknown>): Promise<string | undefined> {
    const limit = new Promise((_, reject) =>
      setTimeout(() => reject(new Error("no answer within 2 s")), 2_000).unref(),
    );
    try {
      await Promise.race([work(), limit]);
      return undefined;
    } catch (error) {
      warn(name, { err: error, check: name }, "not ready");
      return name;
    }
  }
  return router;
}
