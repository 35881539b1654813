import Koa from "koa";
import { expect, test } from "vitest";
import { type RequestState, requestScope } from "../src/http/request-scope.ts";
import { serve } from "../src/http/serve.ts";
import type { Log } from "../src/log.ts";

/** What is logged of a request for this path. */
async function logOf(path: string): Promise<string> {
  const lines: unknown[] = [];
  const log = { isLevelEnabled: () => true, debug: (line: unknown) => lines.push(line) } as unknown as Log;
  const app = new Koa<RequestState>();
  app.use(requestScope(log));
  const server = await serve(app, { port: 0, host: "127.0.0.1" });
  await fetch(`http://127.0.0.1:${server.port}${path}`);
  await server.stop(0);
  return JSON.stringify(lines);
}

test("the log of a request holds its path, but no link's token, in whatever spelling the router takes it", async () => {
  expect(await logOf("/invitations/inv_1")).toContain("/invitations/inv_1");
  for (const path of ["/i/secret", "/I/secret", "/i/secret/", "/i/secret?answer=secret", "/i/a/secret"]) {
    const logged = await logOf(path);
    expect(logged, path).toContain("/i/…");
    expect(logged, path).not.toContain("secret");
  }
  for (const path of ["/u/secret", "/U/secret", "/u/secret/", "/u/a/secret"]) {
    const logged = await logOf(path);
    expect(logged, path).toContain("/u/…");
    expect(logged, path).not.toContain("secret");
  }
});
