import { request } from "node:http";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, type Person } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
});

const JSON_API = "application/vnd.api+json";
/** Sends a path exactly as it is, which `fetch` would normalize. */
function send(method: string, path: string, headers: Record<string, string> = {}) {
  const credentials = { Authorization: `Bearer ${OPERATOR_TOKEN}`, "X-Environment": "acme-test" };
  const { port } = new URL(guildhall.api.origin);
  const options = { port, host: "127.0.0.1", method, path, headers: { ...credentials, ...headers } };
  // biome-ignore lint/suspicious/noExplicitAny: as in the API client, documents of every shape.
  return new Promise<{ status: number; headers: Record<string, any>; text: string; body: any }>(
    (resolve, reject) => {
      const sent = request(options, async (answer) => {
        const body = await text(answer);
        const isJson = answer.headers["content-type"]?.includes("json");
        const status = answer.statusCode ?? 0;
        resolve({
          status,
          headers: answer.headers,
          text: body,
          body: isJson && body ? JSON.parse(body) : undefined,
        });
      });
      sent.on("error", reject).end();
    },
  );
}

describe("a query parameter", () => {
  test.each([
    ["/api/roles?colour=red", "colour"],
    ["/api/roles?page%5Bsize%5D=5&page%5Bnumber%5D=2", "page[number]"],
    ["/api/roles?__proto__=1", "__proto__"],
    ["/api/roles?constructor=1", "constructor"],
    ["/api/roles?=1", ""],
    ["/api/organizations/org_none?sort=name", "sort"],
    ["/api/organizations/org_none?filter[slug]=a", "filter[slug]"],
    ["/api/roles?filter[colour]=red", "filter[colour]"],
    ["/api/roles?fields[colour]=red", "fields[colour]"],
    ["/api/roles?include[]=permissions", "include[]"],
    ["/api/users/user_none/relationships/memberships?page[number]=2", "page[number]"],
    ["/api/invitations/inv_none/relationships/organization?include=owner", "include"],
    ["/api/users/user_none?a%00=1", "a\u0000"],
  ])("an unknown query parameter is a 400: %s", async (path, parameter) => {
    expect(await send("GET", path)).toMatchObject(refusal(400, "unknown_parameter", { parameter }));
  });

  test("that is unknown is a 400 in a POST, and creates nothing", async () => {
    const document = { data: { type: "organization", attributes: { name: "Acme", slug: "never-made" } } };
    const answer = await guildhall.api.post("/api/organizations?dry_run=true", document);
    expect(answer).toMatchObject(refusal(400, "unknown_parameter", { parameter: "dry_run" }));
    expect(await guildhall.db("organizations").where({ slug: "never-made" })).toEqual([]);
  });

  test.each([
    ["/api/roles?page[size]=1&page[size]=2", "page[size]"],
    ["/api/roles?filter[name]=a&filter%5Bname%5D=a", "filter[name]"],
    ["/api/roles?__proto__=1&__proto__=2", "__proto__"],
  ])("given twice is a 400: %s", async (path, parameter) => {
    expect(await send("GET", path)).toMatchObject(refusal(400, "repeated_parameter", { parameter }));
  });

  test.each([
    ["/api/roles?page[size]=", "page[size]"],
    ["/api/roles?page[size]=0", "page[size]"],
    ["/api/roles?page[size]=101", "page[size]"],
    ["/api/roles?page[size]=-1", "page[size]"],
    ["/api/roles?page[size]=2.5", "page[size]"],
    ["/api/roles?page[size]=many", "page[size]"],
    ["/api/roles?page[size]=NaN", "page[size]"],
    ["/api/roles?page[size]=1e999", "page[size]"],
    [`/api/roles?page[after]=${"x".repeat(501)}`, "page[after]"],
    [`/api/roles?filter[name]=${"x".repeat(301)}`, "filter[name]"],
    [`/api/roles?include=${"x,".repeat(251)}`, "include"],
    [`/api/roles?fields[role]=${"x".repeat(501)}`, "fields[role]"],
    ["/api/roles?sort=colour", "sort"],
    ["/api/roles?sort=", "sort"],
    ["/api/roles?sort=name,id", "sort"],
    ["/api/roles?sort=--name", "sort"],
    ["/api/roles?include=colour", "include"],
    ["/api/roles?include=__proto__", "include"],
    ["/api/roles?include=permissions.constructor", "include"],
    ["/api/roles/role_none?include=colour", "include"],
    ["/api/organizations?include=memberships.user.memberships.user", "include"],
    ["/api/organization-deletions?filter[state]=lost", "filter[state]"],
    ["/api/deliveries?filter[state]=lost", "filter[state]"],
    ["/api/roles?filter[name]=a%00b", "filter[name]"],
    ["/api/users?filter[email]=nobody", "filter[email]"],
    ["/api/invitations?filter[status]=lost", "filter[status]"],
  ])("a query parameter with a wrong value is a 400: %s", async (path, parameter) => {
    expect(await send("GET", path)).toMatchObject(refusal(400, "invalid_parameter", { parameter }));
  });

  test("keeps a question mark in its value", async () => {
    const answer = await send("GET", "/api/roles?filter[name]=member?");
    expect(answer).toMatchObject({ status: 200, body: { data: [] } });
    expect(answer.body.links.first).toBe("/api/roles?filter%5Bname%5D=member%3F");
  });
});

describe("a path", () => {
  test.each([
    "/api",
    "/api/",
    "/api/nothing",
    "/api/organizations/a/b/c",
    "/nothing",
    "//api/organizations",
    "/api/organizations/../users",
    "/api/organizations/%2e%2e/users",
    "/api/roles/role_none%2Fsecret",
    "/api/roles/%27%20or%201%3D1%20--",
    "/api/roles/role_00000000000000000000000000",
    `/api/roles/${"x".repeat(5_000)}`,
  ])("that doesn't exist is a 404: %s", async (path) => {
    expect(await send("GET", path)).toMatchObject(refusal(404, "not_found"));
  });

  test.each(["%", "%zz", "%c0%af", "%ff", "%00", "a%00b"])(
    "with the malformed escape %s is refused without a crash",
    async (id) => {
      for (const path of ["/api/roles", "/api/organizations", "/api/invitations", "/api/sessions"]) {
        const answer = await send("GET", `${path}/${id}`);
        expect([400, 404], answer.text).toContain(answer.status);
        expect(answer.body.errors).toHaveLength(1);
        expect(answer.headers["content-type"]).toBe(JSON_API);
      }
    },
  );
});

describe("a method", () => {
  test.each([
    ["PUT", "/api/organizations", ["GET", "HEAD", "POST"]],
    ["DELETE", "/api/organizations", ["GET", "HEAD", "POST"]],
    ["POST", "/api/organizations/org_none", ["DELETE", "GET", "HEAD", "PATCH"]],
    ["GET", "/api/invitations/inv_none/accept", ["POST"]],
    ["POST", "/api/events", ["GET", "HEAD"]],
    ["PROPFIND", "/api/roles", ["GET", "HEAD", "POST"]],
    ["POST", "/metrics", ["GET", "HEAD"]],
  ])("a method that the path lacks is a 405 with Allow: %s %s", async (method, path, allowed) => {
    const answer = await send(method, path);
    expect(answer).toMatchObject(refusal(405, "method_not_allowed"));
    expect(answer.headers.allow.split(", ").sort()).toEqual(allowed);
  });

  test("doesn't matter on an unknown path: 404", async () => {
    expect(await send("PUT", "/api/nothing")).toMatchObject(refusal(404, "not_found"));
  });

  test("HEAD answers like GET, without the body", async () => {
    const { id } = await buildOrganization(guildhall, owner);
    for (const path of ["/api/roles", `/api/organizations/${id}`, "/api/roles/role_none"]) {
      const [got, head] = [await send("GET", path), await send("HEAD", path)];
      expect(head.status, path).toBe(got.status);
      expect(head.text).toBe("");
      expect(head.headers["content-type"]).toBe(got.headers["content-type"]);
      expect(head.headers["content-length"]).toBe(got.headers["content-length"]);
    }
    expect((await send("HEAD", "/api/roles", { Authorization: "" })).status).toBe(401);
  });

  test("OPTIONS lists a path's methods, and reveals nothing of unknown paths", async () => {
    const answer = await send("OPTIONS", "/api/organizations/anything");
    expect([200, 204]).toContain(answer.status);
    expect(answer.headers.allow.split(", ").sort()).toEqual(["DELETE", "GET", "HEAD", "PATCH"]);
    expect((await send("OPTIONS", "/api/nothing")).status).toBe(404);
    expect((await send("OPTIONS", "*")).status).toBeLessThan(500);
  });
});

describe("every refusal", () => {
  const refusals: Array<[number, string, string, Record<string, string>]> = [
    [400, "GET", "/api/roles?colour=red", {}],
    [401, "GET", "/api/roles", { Authorization: "" }],
    [404, "GET", "/api/roles/role_none", {}],
    [404, "GET", "/nothing", {}],
    [405, "PUT", "/api/roles", {}],
    [406, "GET", "/api/roles", { Accept: "text/html" }],
    [415, "POST", "/api/organizations", { "Content-Type": "text/plain" }],
  ];

  test.each(refusals)(
    "a refusal with status %i is a complete JSON:API document",
    async (status, method, path, headers) => {
      const answer = await send(method, path, headers);
      expect(answer.status).toBe(status);
      expect(answer.headers["content-type"]).toBe(JSON_API);
      const requestId = answer.headers["x-request-id"];
      expect(requestId).toMatch(/^[\da-f-]{36}$/);
      const [error] = answer.body.errors;
      expect(error).toMatchObject({ id: requestId, status: String(status), title: expect.any(String) });
      expect(error.code).toMatch(/^[a-z][a-z_]+$/);
      expect(error.detail.length).toBeGreaterThan(10);
      expect(answer.body.meta).toEqual({ request_id: requestId });
      expect(answer.body).not.toHaveProperty("data");
      expect(answer.text).not.toMatch(/node_modules|\.ts:|\.js:|at \w+ \(|select |insert /);
    },
  );

  test("has our own request id, whatever the client sends", async () => {
    const [one, two] = [
      await send("GET", "/api/roles", { "X-Request-Id": "mine" }),
      await send("GET", "/api/roles", { "X-Request-Id": "mine" }),
    ];
    expect(one.headers["x-request-id"]).not.toBe("mine");
    expect(one.headers["x-request-id"]).not.toBe(two.headers["x-request-id"]);
  });
});
