import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WALK } from "../src/docs/walk.ts";
import { allEndpoints } from "../src/management/all-endpoints.ts";
import { Membership } from "../src/models/membership.ts";
import { ERROR_CODES } from "../src/openapi/error-codes.ts";
import { buildClient } from "./support/access-tokens.ts";
import { buildEnvironment, buildOrganization, buildPerson, roleId, unique } from "./support/builders.ts";
import { type Guildhall, OPERATOR_TOKEN, startGuildhall } from "./support/guildhall.ts";
import { readCurl } from "./support/shell.ts";

let guildhall: Guildhall;
let page: string;
let headers: Headers;

beforeAll(async () => {
  guildhall = await startGuildhall();
  const answer = await fetch(`${guildhall.api.origin}/docs`, { headers: { Accept: "text/html" } });
  expect(answer.status).toBe(200);
  page = await answer.text();
  headers = answer.headers;
});
afterAll(() => guildhall.stop());

/** Text as it was before it was escaped for HTML. */
function unescapeHtml(html: string): string {
  return html
    .replaceAll(/&#x([0-9A-F]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&nbsp;", " ")
    .replaceAll("&amp;", "&");
}

/** Every block of code that is a request. */
function requestsOnPage(): string[] {
  const blocks = [...page.matchAll(/<pre[^>]*><code>([^<]*)<\/code><\/pre>/g)].map(([, code = ""]) =>
    unescapeHtml(code),
  );
  return blocks.filter((code) => code.startsWith("curl"));
}

async function run(command: string, variables: Record<string, string>) {
  const { method, url, headers: sent, body } = readCurl(command, variables);
  const answer = await fetch(url, { method, headers: sent, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** `included[0].id` of a document. */
function valueAt(document: unknown, path: string): string {
  const names = path.split(/[.[\]]+/);
  return String(names.reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], document));
}

describe("the documentation page", () => {
  test("is HTML that runs, loads and sends nothing, by a policy that admits its own style alone", () => {
    const policy = headers.get("Content-Security-Policy") ?? "";
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]);
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  test("has no script, no inline style, and nothing of another host", () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<form|\sstyle=|\son[a-z]+=|@import|url\(/i);
    const links = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, href = ""]) => href);
    expect(links.length).toBeGreaterThan(60);
    expect(links.filter((href) => !/^(#|\/(?!\/))/.test(href))).toEqual([]);
  });

  test("has a place for each of its links, and each place once", () => {
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const anchors = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    expect(anchors.filter((anchor) => !ids.includes(anchor))).toEqual([]);
  });

  test("leads to paths that answer", async () => {
    const paths = new Set([...page.matchAll(/href="(\/[^"]*)"/g)].map(([, path = ""]) => path));
    expect(paths.size).toBe(3);
    for (const path of paths) expect((await guildhall.api.as(null).get(path)).status, path).toBe(200);
  });

  test("names every endpoint, every error code, and every variable it needs", () => {
    for (const { method, path } of allEndpoints) {
      const named = `<span class="method ${method}">${method}</span> <code class="path">${path.replace(":id", "{id}")}</code>`;
      expect(page).toContain(named);
    }
    for (const code of Object.values(ERROR_CODES).flatMap((codes) => Object.keys(codes))) {
      expect(page).toContain(`<code>${code}</code>`);
    }
    const kept = WALK.flatMap(({ keep }) => keep.map(({ name }) => name));
    const known = ["GUILDHALL", "ENVIRONMENT", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", ...kept];
    const used = requestsOnPage().flatMap((code) =>
      [...code.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name),
    );
    expect(used.filter((name) => !known.includes(name ?? ""))).toEqual([]);
  });

  test("is not sent again to whoever has it: 304 by its ETag", async () => {
    const conditional = { "If-None-Match": headers.get("ETag") ?? "", "Cache-Control": "max-age=0" };
    expect(await guildhall.api.get("/docs", conditional)).toMatchObject({ status: 304, body: undefined });
  });

  test("has no request that would be a riddle to the service: none is answered 400, 405, 406, 415, 422 or 500", async () => {
    const ENVIRONMENT = unique("examples");
    const client = await buildClient(guildhall, ["users:read"], ENVIRONMENT);
    const kept = WALK.flatMap(({ keep }) => keep.map(({ name }): [string, string] => [name, "nothing"]));
    const variables = {
      ...Object.fromEntries(kept),
      GUILDHALL: guildhall.api.origin,
      ENVIRONMENT,
      TOKEN: OPERATOR_TOKEN,
      CLIENT_ID: client.id,
      CLIENT_SECRET: client.secret,
    };
    const answers: string[] = [];
    for (const command of requestsOnPage()) {
      // The client of this test has one scope.
      const { status } = await run(command.replace(/scope='[^']*'/, "scope='users:read'"), variables);
      if (![200, 201, 202, 204, 401, 403, 404, 409].includes(status)) answers.push(`${status}: ${command}`);
    }
    expect(answers).toEqual([]);
  });
});

describe("the guided walk", () => {
  test("leads a stranger to a role of their own, given to a member and enforced", async () => {
    const environment_id = await buildEnvironment(guildhall);
    const owner = await buildPerson(guildhall);
    const organization = await buildOrganization(guildhall, owner);
    const mary = await buildPerson(guildhall, { email: "mary@acme.example" });
    const role_ids = [await roleId(guildhall, environment_id, "member")];
    const joining = { environment_id, organization_id: organization.id, user_id: mary.user.id, role_ids };
    await guildhall.db.transaction((trx) => Membership.join(trx, joining));

    const variables: Record<string, string> = {
      GUILDHALL: guildhall.api.origin,
      ENVIRONMENT: "acme-test",
      TOKEN: OPERATOR_TOKEN,
    };
    const steps = [
      ...page.matchAll(/<pre class="command" data-status="(\d+)" data-keep="([^"]*)"><code>([^<]*)<\/code>/g),
    ];
    expect(steps.length).toBe(WALK.length);
    const seen: Array<{ status: number; body: unknown }> = [];
    for (const [, status, keep = "", code = ""] of steps) {
      const command = unescapeHtml(code);
      const answer = await run(command, variables);
      expect(answer.status, command).toBe(Number(status));
      for (const pair of unescapeHtml(keep)
        .split(" ")
        .filter((text) => text !== "")) {
        const [name = "", from = ""] = pair.split("=");
        variables[name] = valueAt(answer.body, from);
        expect(variables[name], pair).not.toBe("undefined");
      }
      seen.push(answer);
    }

    expect(variables.ORGANIZATION).toBe(organization.id);
    const requests = steps.map(([, , , code = ""]) => readCurl(unescapeHtml(code), variables));
    const paths = requests.map(
      ({ method, url }) => `${method} ${url.slice(guildhall.api.origin.length).split("?")[0]}`,
    );
    expect(paths.filter((path) => path === "POST /api/role-permissions")).toHaveLength(2);
    expect(paths).toEqual(
      expect.arrayContaining(["POST /api/roles", "GET /api/permissions", "POST /api/membership-roles"]),
    );
    // The very same request of the very same session: refused, allowed, refused.
    const change = `PATCH /api/organizations/${organization.id}`;
    expect(seen.filter((_, index) => paths[index] === change).map(({ status }) => status)).toEqual([
      403, 200, 403,
    ]);
    expect(seen.filter(({ status }) => status === 403)).toMatchObject([
      { body: { errors: [{ code: "forbidden", detail: expect.stringContaining("organization:update") }] } },
      { body: { errors: [{ code: "forbidden", detail: expect.stringContaining("members:manage") }] } },
      { body: { errors: [{ code: "forbidden", detail: expect.stringContaining("organization:update") }] } },
    ]);
  });
});
