import Koa from "koa";
import { expect, test } from "vitest";
import { harmlessPath, type RequestState, requestScope } from "../src/http/request-scope.ts";
import { serve } from "../src/http/serve.ts";
import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { newId } from "../src/lib/id.ts";
import { randomToken } from "../src/lib/random-token.ts";
import type { Log } from "../src/log.ts";

/** The log line of a request for this path. */
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

test("the log contains a request's path without a link's token", async () => {
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

test.each([
  ["/", "/"],
  ["/api/invitations", "/api/invitations"],
  ["/i/", "/i"],
  ["//i/secret", "/i/…"],
  ["/./i/secret", "/./i/…"],
  ["/a/../I/secret", "/a/../i/…"],
  ["/a/u//secret", "/a/u/…"],
  ["/%69/secret", "/…"],
  ["/i%2Fsecret", "/…"],
  ["/i;a=b/secret", "/…"],
  ["/i\\secret", "/…"],
  ["/U/secret/more", "/u/…"],
  ["/invitations/secret%20/accept", "/invitations/…"],
])("the path %s is logged as %s", (path, logged) => {
  expect(harmlessPath(path)).toBe(logged);
});

test("ids in a path are logged, and anything as long as a token is hidden", () => {
  const id = newId("orguserrole");
  expect(harmlessPath(`/api/membership-roles/${id}`)).toBe(`/api/membership-roles/${id}`);
  for (const token of [randomToken(), createLinkKeys(["x".repeat(32)]).signOptOut(newId("inv"))])
    for (const path of [`/${token}`, `/invitations/${token}`, `/x/${token}/accept`])
      expect(harmlessPath(path)).not.toContain(token);
});
