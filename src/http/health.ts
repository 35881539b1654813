import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Router } from "@koa/router";
import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { packageRoot } from "../lib/package-root.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";
import type { RequestState } from "./request-scope.ts";
import { staticText } from "./static-answers.ts";

const favicon = staticText(
  () => readFileSync(join(packageRoot(), "templates", "pages", "icons", "favicon.svg"), "utf8"),
  {
    "Content-Type": "image/svg+xml",
    "Cache-Control": "public, max-age=86400",
  },
);

/** Serves health checks. `healthz`: the process answers. `readyz`: database and queue work, too. */
export function healthRouter({ db, queues, log }: Context): Router<RequestState> {
  const router = new Router<RequestState>();
  const warn = createRareWarnings(log);
  // Browsers request it even if a page's policy forbids loading anything.
  router.get("/favicon.ico", favicon);
  router.get("/healthz", (ctx) => {
    ctx.body = { status: "ok" };
  });
  router.get("/readyz", async (ctx) => {
    const checks = await Promise.all([
      check("database", () => requireWritable(db)),
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

/** Checks that the database takes writes. A replica answers reads only. */
async function requireWritable(db: Knex): Promise<void> {
  const { rows } = await db.raw<{ rows: [{ transaction_read_only: string }] }>("show transaction_read_only");
  if (rows[0].transaction_read_only === "on")
    throw new Error("the database takes no writes: it is a replica, or it or its role is read-only");
}
