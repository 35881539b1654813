import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPerson, type Person } from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";

const APP = "https://app.example.com";

describe.each([
  { what: "in production without BRIDGE_ORIGINS", settings: { production: true }, allowed: null },
  { what: "in development without BRIDGE_ORIGINS", settings: {}, allowed: "*" },
  { what: "with the front end's origin", settings: { BRIDGE_ORIGINS: [APP] }, allowed: APP },
  { what: "with another origin", settings: { BRIDGE_ORIGINS: ["https://other.example"] }, allowed: null },
])("$what", ({ settings, allowed }) => {
  let guildhall: Guildhall;
  let ada: Person;
  beforeAll(async () => {
    guildhall = await startGuildhall({ settings });
    ada = await buildPerson(guildhall);
  });
  afterAll(() => guildhall.stop());

  const url = (path: string) => `${guildhall.api.origin}/bridge-payment${path}`;
  const headers = () => ({ Origin: APP, "X-Session-ID": ada.token, "X-Environment": "acme-test" });
  const originIn = (answer: Response) => answer.headers.get("Access-Control-Allow-Origin");

  test(`a preflight request ${allowed === null ? "is not allowed" : "is allowed"}`, async () => {
    const answer = await fetch(url("/organizations"), {
      method: "OPTIONS",
      headers: { Origin: APP, "Access-Control-Request-Method": "POST" },
    });
    expect(originIn(answer)).toBe(allowed);
    expect(answer.headers.get("Access-Control-Allow-Headers")?.includes("X-Session-ID") ?? false).toBe(
      allowed !== null,
    );
  });

  test("every answer says whether the page may read it, and allows no cookies", async () => {
    for (const [path, status] of [
      ["/organizations", 200],
      ["/organizations/org_unknown", 403],
    ] as const) {
      const answer = await fetch(url(path), { headers: headers() });
      expect(answer.status).toBe(status);
      expect(originIn(answer)).toBe(allowed);
      expect(answer.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    }
  });

  test("the Management API never allows pages of another origin", async () => {
    const answer = await fetch(`${guildhall.api.origin}/api/organizations`, { headers: headers() });
    expect(originIn(answer)).toBeNull();
  });
});
