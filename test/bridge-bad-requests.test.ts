import { beforeAll, describe, expect, test, vi } from "vitest";
import { allBridgeEndpoints } from "../src/bridge/all-bridge-endpoints.ts";
import { LIMITS } from "../src/http/rate-limiter.ts";
import { buildTargets, expectFailure, type Targets } from "./support/bridge-targets.ts";
import { CUSTOMERS, create, no, PAYMENTS } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();
let targets: Targets;

beforeAll(async () => {
  targets = await buildTargets(guildhall);
  // These tests send more requests in a minute than anyone may.
  vi.spyOn(guildhall.context.limiter, "count").mockImplementation(() => {});
});

const paths = [...new Set(allBridgeEndpoints.map(({ path }) => path))];

describe.each(paths)("the path %s", (path) => {
  // `/payments/intents` also matches a payment's id.
  const methods = allBridgeEndpoints
    .filter((endpoint) => new RegExp(`^${endpoint.path.replaceAll(/:\w+/g, "[^/]+")}$`).test(path))
    .map(({ method }) => String(method));
  const allowed = [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])].sort();
  const ask = (method: string, headers: Record<string, string> = { "X-Session-ID": targets.owner.token }) =>
    fetch(guildhall.api.origin + targets.pathOf({ path }), {
      method,
      headers: { "X-Environment": "acme-test", ...headers },
    });
  const allowOf = (answer: Response) => (answer.headers.get("Allow") ?? "").split(", ").sort();

  test("answers OPTIONS with its methods, and any other method with a 405", async () => {
    const options = await ask("OPTIONS");
    expect([200, 204]).toContain(options.status);
    expect(allowOf(options)).toEqual(allowed);
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]) {
      if (allowed.includes(method)) continue;
      const answer = await ask(method);
      expect(allowOf(answer), method).toEqual(allowed);
      if (method === "HEAD") continue;
      const failure = { status: answer.status, headers: answer.headers, body: await answer.json() };
      expect(failure).toMatchObject(no(405, "method_not_allowed"));
      expectFailure(failure);
    }
  });

  test("answers HEAD like GET, without the body", async () => {
    if (!methods.includes("GET")) return;
    const [get, head] = [await ask("GET"), await ask("HEAD")];
    expect([head.status, await head.text()]).toEqual([get.status, ""]);
    expect(head.headers.get("Content-Length")).toBe(String((await get.arrayBuffer()).byteLength));
  });

  test("answers 401 with advice unless the session is valid", async () => {
    for (const method of methods) {
      for (const headers of [
        {},
        { "X-Session-ID": "" },
        { "X-Session-ID": "x" },
        { "X-Session-ID": OPERATOR_TOKEN },
        { Authorization: "Bearer x" },
        { Authorization: `Basic ${btoa("a:b")}` },
        { Authorization: "Bearer a.b.c" },
        { "X-Session-ID": targets.owner.token, Authorization: "Bearer x" },
      ] as Record<string, string>[]) {
        const answer = await ask(method, headers);
        const failure = { status: answer.status, headers: answer.headers, body: await answer.json() };
        expect(failure, `${method} ${JSON.stringify(headers)}`).toMatchObject(no(401, "unauthorized"));
        expect(failure.body).toMatchObject({
          error: "Authentication required",
          hint: expect.stringContaining("X-Session-ID"),
        });
        expect(answer.headers.has("WWW-Authenticate")).toBe(true);
        expectFailure(failure);
      }
    }
  });
});

describe("a request", () => {
  test("to an unknown path gets a 404 in the Bridge API's format", async () => {
    for (const path of [
      "",
      "/",
      "/nothing",
      "/customers/a/b/c",
      "/payments/intents/a/b",
      "/organizations/a/b",
      "/..",
    ]) {
      const answer = await targets.api.get(`/bridge-payment${path}`);
      if (path === "/..") continue;
      expect(answer, path).toMatchObject(no(404, "not_found"));
      expectFailure(answer);
    }
    const answer = await targets.api.post("/bridge-payment/nothing", "{");
    expect(answer).toMatchObject(no(404, "not_found"));
    expectFailure(answer);
  });

  test("to a path in different letter case gets a 404", async () => {
    for (const path of ["/Bridge-Payment/customers", "/bridge-payment/Customers"])
      expect((await targets.api.get(path)).status).toBe(404);
  });

  test("for an impossible id gets a 404 or 400 in the Bridge API's format", async () => {
    const ids = [
      "x",
      "cust_",
      "%20",
      "%F0%9F%99%82",
      "'%20or%201=1--",
      "x".repeat(5_000),
      "%00",
      "%zz",
      "%ff",
      "__proto__",
      "intents",
    ];
    for (const { path, method } of allBridgeEndpoints.filter(
      (one) => one.method === "GET" && one.path.includes("/:id"),
    )) {
      for (const id of ids) {
        const answer = await targets.api.get(path.replace(":id", id));
        const isOrganization = path.includes("organizations");
        expect(isOrganization ? [400, 403] : [400, 404, 405], `${method} ${path} ${id}`).toContain(
          answer.status,
        );
        expectFailure(answer);
      }
    }
  });

  test("in an unknown environment gets the same 401 as a wrong session", async () => {
    const answer = await targets.api.in("nowhere").get(CUSTOMERS.path);
    expect(answer).toMatchObject(no(401, "unauthorized"));
    expectFailure(answer);
  });

  test("with a session that is foreign, revoked or expired gets a 401", async () => {
    const elsewhere = await buildPerson(guildhall, { environment: "globex" });
    const [revoked, expired] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    const now = guildhall.db.fn.now();
    await guildhall.db("sessions").where({ user_id: revoked.user.id }).update({ revoked_at: now });
    await guildhall.db("sessions").where({ user_id: expired.user.id }).update({ expires_at: now });
    for (const { token } of [elsewhere, revoked, expired])
      expect(await guildhall.api.as(token).get(CUSTOMERS.path)).toMatchObject(no(401, "unauthorized"));
  });

  test("may send its session as a bearer token", async () => {
    const headers = { Authorization: `Bearer ${targets.owner.token}` };
    expect(await guildhall.api.as(null).get(CUSTOMERS.path, headers)).toMatchObject({ status: 200 });
  });

  test("beyond the limit gets a 429 with Retry-After; others and reads go on", async () => {
    vi.mocked(guildhall.context.limiter.count).mockRestore();
    const [eager, other] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    for (let n = 0; n < LIMITS.write.requests; n += 1)
      guildhall.context.limiter.count("write", eager.user.id);
    const answer = await guildhall.api.as(eager.token).post(PAYMENTS.intents, PAYMENTS.least());
    expect(answer).toMatchObject(no(429, "too_many_requests"));
    expectFailure(answer);
    const seconds = Number(answer.headers.get("Retry-After"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(LIMITS.write.seconds);
    expect((await guildhall.api.as(eager.token).get(PAYMENTS.path)).body.data).toEqual([]);
    await create(guildhall.api.as(other.token), PAYMENTS);
    vi.spyOn(guildhall.context.limiter, "count").mockImplementation(() => {});
  });
});
