import { request as httpRequest } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { SCOPES } from "../src/access/oauth/scopes.ts";
import type { Organization } from "../src/models/organization.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { countOf, linkToken } from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
});

const header = { header: "Idempotency-Key" };
const keyed = (key = unique("key")) => ({ "Idempotency-Key": key });

/** Invites somebody new by default. */
function invites(api: Api, headers: Record<string, string>, email = uniqueEmail()) {
  return api.post("/api/invitations", invitationTo(organization.id, email), headers);
}

const keptRows = () => countOf(guildhall, "idempotency_keys", {});

describe("an idempotency key", () => {
  test("is separate for every caller, environment, method and path", async () => {
    await buildEnvironment(guildhall, "globex");
    const admin = await buildMember(guildhall, organization, "admin");
    const client = await buildClient(guildhall, [...SCOPES]);
    const program = bearing(guildhall, await accessToken(guildhall, client));
    const [key, before] = [keyed(), await keptRows()];
    const person = (email: string) => ({ data: { type: "user", attributes: { email } } });
    const { api } = guildhall;
    const answers = [
      await invites(api, key),
      await invites(program, key),
      await invites(api.as(owner.token), key),
      await invites(api.as(admin.token), key),
      await api.post("/api/users", person(uniqueEmail()), key),
      await api.in("globex").post("/api/users", person(uniqueEmail()), key),
    ];
    for (const { body, status } of [...answers]) {
      expect(status, JSON.stringify(body)).toBe(201);
      const { id, type, links } = body.data;
      if (type !== "invitation") continue;
      const edit = { data: { type, id, attributes: { locale: "de" } } };
      answers.push(
        await api.patch(links.self, edit, key),
        await api.post(`${links.self}/revoke`, undefined, key),
      );
    }
    for (const { headers } of answers) expect(headers.has("Idempotency-Replayed")).toBe(false);
    expect(await keptRows()).toBe(before + answers.length);
  });

  test("is shared by a user's sessions and by all spellings of a path", async () => {
    const [key, email] = [keyed(), uniqueEmail()];
    const first = await invites(guildhall.api.as(owner.token), key, email);
    const relationships = { user: { data: { type: "user", id: owner.user.id } } };
    const session = await guildhall.api.post("/api/sessions", { data: { type: "session", relationships } });
    const other = guildhall.api.as(session.body.meta.token);
    const second = await other.post("/API/Invitations/", invitationTo(organization.id, email), key);
    expect(second).toMatchObject({ status: 201, body: first.body });
  });

  test("can be used again after a refusal, even with another body", async () => {
    const [key, taken] = [keyed(), owner.user.email];
    const before = await keptRows();
    expect(await invites(guildhall.api, key, taken)).toMatchObject(refusal(409, "already_member"));
    expect(await invites(guildhall.api, key, "none")).toMatchObject({ status: 422 });
    expect(await keptRows()).toBe(before);
    const done = await invites(guildhall.api, key);
    expect(done.status).toBe(201);
    expect(done.headers.has("Idempotency-Replayed")).toBe(false);
  });

  test.each([
    ["that is empty", ""],
    ["of only spaces", "  "],
    ["of 256 characters", "k".repeat(256)],
    ["with a tab in it", "a\tb"],
    ["with a letter beyond ASCII", "schlüssel"],
    ["sent twice", ["one", "two"]],
  ])("%s is refused: 400 invalid_idempotency_key", async (_, value) => {
    const before = await countOf(guildhall, "invitations", {});
    expect(await sendRaw("POST", value)).toMatchObject(refusal(400, "invalid_idempotency_key", header));
    expect(await countOf(guildhall, "invitations", {})).toBe(before);
    expect(await sendRaw("GET", value)).toMatchObject({ status: 200 });
  });

  test.each(["k", "k".repeat(255), '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "a, b"])(
    "may be %s",
    async (value) => {
      expect(await sendRaw("POST", value)).toMatchObject({ status: 201 });
    },
  );

  test("of a link's holder is ignored, since a repeat is safe anyway", async () => {
    const before = await keptRows();
    const { id } = (await invites(guildhall.api, {})).body.data;
    const meta = { token: linkToken(guildhall, id) };
    const answers = [keyed("a"), keyed("a"), keyed("b".repeat(300))].map(
      (key) => () => guildhall.api.as(null).post(`/api/invitations/${id}/decline`, { meta }, key),
    );
    for (const answer of answers) {
      const { status, headers } = await answer();
      expect([status, headers.has("Idempotency-Replayed")]).toEqual([200, false]);
    }
    expect(await keptRows()).toBe(before);
  });

  /** Sends headers that `fetch` wouldn't. Invites, or lists invitations. */
  function sendRaw(
    method: "GET" | "POST",
    key: string | string[],
  ): Promise<{ status: number; body: object }> {
    const headers = {
      Authorization: `Bearer ${OPERATOR_TOKEN}`,
      "X-Environment": "acme-test",
      "Content-Type": "application/vnd.api+json",
      "Idempotency-Key": key,
    };
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        `${guildhall.api.origin}/api/invitations`,
        { method, headers },
        async (answer) => {
          const chunks = await answer.toArray();
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) });
        },
      );
      sent.on("error", reject);
      sent.end(method === "POST" ? JSON.stringify(invitationTo(organization.id, uniqueEmail())) : undefined);
    });
  }
});
