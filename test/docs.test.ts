import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WALK } from "../src/docs/walk.ts";
import { allEndpoints } from "../src/management/all-endpoints.ts";
import { Membership } from "../src/models/membership.ts";
import { ERROR_CODES } from "../src/openapi/error-codes.ts";
import { codesIn } from "../src/openapi/error-responses.ts";
import { buildClient } from "./support/access-tokens.ts";
import { buildEnvironment, buildOrganization, buildPerson, roleId, unique } from "./support/builders.ts";
import { type DocsPage, readDocsPage, runPrinted, walkThrough } from "./support/docs-page.ts";
import { type Guildhall, OPERATOR_TOKEN, startGuildhall } from "./support/guildhall.ts";
import { readCurl } from "./support/shell.ts";

const PATHS = ["/docs", "/docs/bridge"];

let guildhall: Guildhall;
const pages: Record<string, DocsPage> = {};

beforeAll(async () => {
  guildhall = await startGuildhall();
  for (const path of PATHS) pages[path] = await readDocsPage(guildhall.api.origin + path);
});
afterAll(() => guildhall.stop());

function pageAt(path: string): DocsPage {
  const page = pages[path];
  if (page === undefined) throw new Error(`no page ${path}`);
  return page;
}

function anchorsOn(path: string): Array<string | undefined> {
  return [...pageAt(path).html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
}

describe.each(PATHS)("the page %s", (path) => {
  test("is HTML that runs, loads and sends nothing, by a policy that admits its own style alone", () => {
    const { html, headers } = pageAt(path);
    const policy = headers.get("Content-Security-Policy") ?? "";
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
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
    const { html } = pageAt(path);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|<form|\sstyle=|\son[a-z]+=|@import|url\(/i);
    const links = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, href = ""]) => href);
    expect(links.length).toBeGreaterThan(30);
    expect(links.filter((href) => !/^(#|\/(?!\/))/.test(href))).toEqual([]);
  });

  test("has a place for each of its links, and each place once", () => {
    const ids = anchorsOn(path);
    expect(new Set(ids).size).toBe(ids.length);
    const anchors = [...pageAt(path).html.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    expect(anchors.filter((anchor) => !ids.includes(anchor))).toEqual([]);
  });

  test("leads to paths that answer, and to places that are on the other page", async () => {
    const links = [...pageAt(path).html.matchAll(/href="(\/[^"#]*)(?:#([^"]*))?"/g)];
    const paths = new Set(links.map(([, to = ""]) => to));
    expect([...paths]).toEqual(expect.arrayContaining([...PATHS, "/openapi.json"]));
    for (const to of paths) expect((await guildhall.api.as(null).get(to)).status, to).toBe(200);
    for (const [link, to = "", anchor] of links)
      if (anchor !== undefined) expect(anchorsOn(to), link).toContain(anchor);
  });

  test("is not sent again to whoever has it: 304 by its ETag", async () => {
    const etag = pageAt(path).headers.get("ETag") ?? "";
    const conditional = { "If-None-Match": etag, "Cache-Control": "max-age=0" };
    expect(await guildhall.api.get(path, conditional)).toMatchObject({ status: 304, body: undefined });
  });
});

describe("the page of the Management API", () => {
  test("names every endpoint, every error code, and every variable it needs", () => {
    const { html, requests } = pageAt("/docs");
    for (const { method, path } of allEndpoints) {
      const named = `<span class="method ${method}">${method}</span> <code class="path">${path.replace(":id", "{id}")}</code>`;
      expect(html).toContain(named);
    }
    for (const code of codesIn(ERROR_CODES)) expect(html).toContain(`<code>${code}</code>`);
    const kept = WALK.flatMap(({ keep }) => keep.map(({ name }) => name));
    const known = ["GUILDHALL", "ENVIRONMENT", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", ...kept];
    const used = requests.flatMap((code) => [...code.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name));
    expect(used.filter((name) => !known.includes(name ?? ""))).toEqual([]);
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
    for (const command of pageAt("/docs").requests) {
      // The client of this test has one scope.
      const { status } = await runPrinted(command.replace(/scope='[^']*'/, "scope='users:read'"), variables);
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
    const { steps } = pageAt("/docs");
    expect(steps.length).toBe(WALK.length);
    const seen = await walkThrough({ steps }, variables);

    expect(variables.ORGANIZATION).toBe(organization.id);
    const requests = steps.map(({ command }) => readCurl(command, variables));
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
