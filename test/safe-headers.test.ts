import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { serve } from "../src/http/serve.ts";
import { inboxRouter } from "../src/local/inbox-router.ts";
import { previewsRouter } from "../src/local/previews-router.ts";
import { buildEnvironment } from "./support/builders.ts";
import { type Guildhall, OPERATOR_TOKEN, startGuildhall, useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let secure: Guildhall;

beforeAll(async () => {
  secure = await startGuildhall();
  await buildEnvironment(guildhall);
});
afterAll(async () => {
  await secure.stop();
});

const operator = { Authorization: `Bearer ${OPERATOR_TOKEN}`, "X-Environment": "acme-test" };

const answers: [string, string, RequestInit, number][] = [
  ["a JSON:API document", "/api/roles", { headers: operator }, 200],
  ["a JSON:API error", "/api/roles", {}, 401],
  ["a Bridge error", "/bridge-payment/organizations", {}, 401],
  ["an OAuth error", "/oauth/token", { method: "POST" }, 400],
  ["the keys of access tokens", "/.well-known/jwks.json", {}, 200],
  ["the OpenAPI document", "/openapi.json", {}, 200],
  ["the guide", "/docs", {}, 200],
  ["the reference", "/docs/reference", {}, 200],
  ["the metrics", "/metrics", {}, 200],
  ["a sign of life", "/healthz", {}, 200],
  ["the picture in a browser's tab", "/favicon.ico", {}, 200],
  ["a page that isn't there", "/nowhere", { headers: { Accept: "text/html" } }, 404],
  ["a wrong link", "/i/made-up", {}, 404],
  ["a malformed path", "/i/%zz", {}, 404],
  ["a method that isn't known", "/api/roles", { method: "PUT" }, 405],
  [
    "a preflight",
    "/bridge-payment/organizations",
    {
      method: "OPTIONS",
      headers: { Origin: "https://app.example.com", "Access-Control-Request-Method": "GET" },
    },
    204,
  ],
];

test.each(answers)(
  "%s has headers against sniffing, framing and referrers",
  async (_, path, init, status) => {
    const answer = await fetch(guildhall.api.origin + path, init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(answer.headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(answer.headers.get("Content-Security-Policy")).toMatch(
      /^default-src 'none';.*frame-ancestors 'none'/,
    );
    expect(answer.headers.get("Strict-Transport-Security")).toBeNull();
  },
);

test("under an https PUBLIC_URL every answer requires TLS from then on", async () => {
  secure.settings.PUBLIC_URL = "https://guildhall.example.com";
  const server = await serve(createApp(secure.context), { port: 0, host: "127.0.0.1" });
  for (const [, path, init] of answers) {
    const { headers } = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    expect(headers.get("Strict-Transport-Security"), path).toBe("max-age=31536000");
  }
  await server.stop(0);
});

describe("development pages", () => {
  let port: number;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    guildhall.settings.PUBLIC_URL = "http://guildhall.team.example:3000";
    const inbox = inboxRouter({ directory: "/nonexistent" });
    const app = createApp(guildhall.context, { inbox, previews: previewsRouter({ hasInbox: true }) });
    const server = await serve(app, { port: 0, host: "127.0.0.1" });
    port = server.port;
    stop = () => server.stop(0);
  });
  afterAll(() => stop());

  /** `fetch` sets its own Host. */
  async function ask(path: string, host: string, headers: Record<string, string> = {}): Promise<number> {
    const { request } = await import("node:http");
    return new Promise((resolve, reject) => {
      request({ port, host: "127.0.0.1", path, headers: { ...headers, Host: host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });
  }
  const pages = ["/inbox", "/INBOX/", "/inbox/1", "/inbox/1/html", "/dev/mails", "/dev/mails/version"];

  test.each([
    "localhost",
    "LOCALHOST:3000",
    "127.0.0.1:3000",
    "[::1]:3000",
    "acme-test.localhost:3000",
    "guildhall.team.example",
    "guildhall.team.example:8080",
  ])("are shown under %s", async (host) => {
    expect(await ask("/inbox", host)).toBe(200);
    expect(await ask("/dev/mails", host)).toBe(200);
  });

  test.each([
    "evil.example",
    "evil.example:3000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evillocalhost",
    ".localhost",
    "team.example",
    "0.0.0.0:3000",
    "192.168.0.7:3000",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost/evil.example",
    "localhost#evil.example",
  ])("development pages are not shown under the name '%s'", async (host) => {
    for (const path of pages) expect(await ask(path, host), path).toBe(403);
    expect(await ask("/inbox", host, { "X-Forwarded-Host": "localhost" })).toBe(403);
    expect(await ask("/healthz", host)).toBe(200);
  });
});
