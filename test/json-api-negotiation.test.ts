import { beforeAll, describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { letCoolDown } from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

beforeAll(async () => {
  await buildPerson(guildhall);
});

const JSON_API = "application/vnd.api+json";
const [EXT, PROFILE] = ['ext="https://example.com/e"', 'profile="https://example.com/p"'];
const organization = { data: { type: "organization", attributes: { name: "Acme" } } };

test.each<[accept: string, status: number]>([
  [JSON_API, 200],
  ["APPLICATION/VND.API+JSON", 200],
  ["*/*", 200],
  ["application/*;q=0.1", 200],
  ["application/json", 200],
  [`${JSON_API};${PROFILE}`, 200],
  [`${JSON_API};profile="https://example.com/a;b https://example.com/c,d"`, 200],
  [`${JSON_API};q=0.5, text/html`, 200],
  [`${JSON_API};charset=utf-8, ${JSON_API}`, 200],
  [`${JSON_API};${EXT}, ${JSON_API};${PROFILE}`, 200],
  [`${JSON_API};charset=utf-8`, 406],
  [`${JSON_API};${EXT}`, 406],
  [`${JSON_API};${EXT};${PROFILE}`, 406],
  [`${JSON_API};${EXT}, ${JSON_API};charset=utf-8`, 406],
  [`${JSON_API};charset=utf-8, */*`, 406],
  [`${JSON_API};${EXT}, application/json`, 406],
  [`${JSON_API};q=0`, 406],
  ["text/html, image/*", 406],
  ["", 200],
  [" , ,", 200],
  ["application/json; charset=utf-8", 200],
  ["application/json;charset=UTF-8, text/plain, */*", 200],
  ["Application/JSON ; Charset = UTF-8 ; q = 0.5", 200],
  ['application/json; x="a, b; q=0"', 200],
  ["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 200],
  ["application/json;q=0, */*", 406],
  ["application/*;q=0, */*;q=1", 406],
  ["*/*;q=0.000", 406],
  [`${JSON_API};q=0, */*`, 406],
  [`${JSON_API} ; q = 0.9 ; ${PROFILE}`, 200],
  [`text/html;charset=utf-8;level="\\"${JSON_API}"`, 406],
  ["application/xml;q=1, application/json;q=0.001", 200],
])("Accept: %s gets a %i", async (accept, status) => {
  const answer = await guildhall.api.get("/api/roles", { Accept: accept });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("Content-Type")).toBe(JSON_API);
  expect(answer.headers.get("Vary")).toContain("Accept");
});

test.each<[type: string, status: number]>([
  [JSON_API, 201],
  [`${JSON_API}; ${PROFILE}`, 201],
  [`${JSON_API};profile="https://example.com/a;b"`, 201],
  [`${JSON_API}; charset=utf-8`, 415],
  [`${JSON_API};${EXT}`, 415],
  [`${JSON_API};${PROFILE};${EXT}`, 415],
  [`${JSON_API};q=1`, 415],
  ["application/json", 415],
  ["application/vnd.api+json-seq", 415],
  ["text/plain", 415],
])("Content-Type: %s gets a %i", async (type, status) => {
  const answer = await guildhall.api.post("/api/organizations", organization, { "Content-Type": type });
  expect(answer.status).toBe(status);
  if (status === 415) expect(answer.body.errors[0].source).toEqual({ header: "Content-Type" });
});

describe("in a document", () => {
  test("jsonapi.ext and jsonapi.profile in a document negotiate nothing", async () => {
    const jsonapi = { version: "1.1", ext: ["https://example.com/e"], profile: ["https://example.com/p"] };
    const answer = await guildhall.api.post("/api/organizations", { ...organization, jsonapi });
    expect(answer.status).toBe(201);
  });
});

test("a request without a body may still have a Content-Type", async () => {
  const made = await guildhall.api.post("/api/users", {
    data: { type: "user", attributes: { email: "nobody@example.com" } },
  });
  const { self } = made.body.data.links;
  for (const type of [JSON_API, "application/json"]) {
    expect(await guildhall.api.get(self, { "Content-Type": type })).toMatchObject({ status: 200 });
  }
  expect(await guildhall.api.delete(self, { "Content-Type": JSON_API })).toMatchObject({ status: 204 });
});

describe("an action whose body may be left out", () => {
  const bodies: Array<[how: string, init: RequestInit]> = [
    ["a type and no body", { headers: { "Content-Type": JSON_API } }],
    ["another type and no body", { headers: { "Content-Type": "application/json" } }],
    ["a form's type and an empty body", { body: new URLSearchParams() }],
    ["white space alone", { body: " \n", headers: { "Content-Type": JSON_API } }],
    [
      "an empty body in chunks",
      { headers: { "Content-Type": JSON_API }, body: emptyStream(), duplex: "half" } as RequestInit,
    ],
  ];

  function emptyStream(): ReadableStream {
    return new ReadableStream({ start: (controller) => controller.close() });
  }

  test.each(bodies)("an optional body may be left out as %s", async (_, init) => {
    const owner = await buildPerson(guildhall);
    const made = await buildOrganization(guildhall, owner);
    const { headers = {}, ...rest } = init;
    const bearer = { "X-Session-ID": owner.token, "X-Environment": "acme-test" };
    const act = async (path: string) => {
      const all = { ...bearer, ...(headers as Record<string, string>) };
      return (await fetch(guildhall.api.origin + path, { method: "POST", ...rest, headers: all })).status;
    };
    const { body } = await invite(guildhall, made, uniqueEmail());
    await letCoolDown(guildhall, body.data.id);
    if (rest.body instanceof ReadableStream) {
      expect(await act(`${body.data.links.self}/revoke`)).toBe(200);
      return;
    }
    expect(await act(`${body.data.links.self}/resend`)).toBe(200);
    expect(await act(`${body.data.links.self}/revoke`)).toBe(200);
    expect(await act(`/api/organizations/${made.id}/deletion-preview`)).toBe(200);
  });

  test("an action without a body still needs what it requires", async () => {
    const made = await buildOrganization(guildhall, await buildPerson(guildhall));
    const { body } = await invite(guildhall, made, uniqueEmail());
    const headers = { "Content-Type": JSON_API };
    const answer = await guildhall.api.post(`${body.data.links.self}/accept`, "", headers);
    expect(answer).toMatchObject(refusal(422, "user_missing"));
  });
});
