import { beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "../src/http/rate-limiter.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildClient } from "./support/access-tokens.ts";
import { no } from "./support/bridge-team.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { countOf, invited, linkToken } from "./support/invitations.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
});

const keyed = (key = unique("key")) => ({ "Idempotency-Key": key });

/** All stored answers, as one text. */
async function kept(): Promise<string> {
  return JSON.stringify(
    await guildhall.db("idempotency_keys").select(guildhall.db.raw("idempotency_keys::text")),
  );
}

describe("a secret that is shown once", () => {
  test("is not stored, and a repeat leaves it out", async () => {
    const relationships = { user: linkTo("user", owner.user.id) };
    const attributes = { name: "sync", scopes: ["users:read"] };
    for (const [path, data, secret] of [
      ["/api/sessions", { type: "session", relationships }, "token"],
      ["/api/api-clients", { type: "api_client", attributes }, "client_secret"],
    ] as const) {
      const key = keyed();
      const first = await guildhall.api.post(path, { data }, key);
      expect(first.body.meta[secret]).toMatch(/^[\w-]{43}$/);
      const again = await guildhall.api.post(path, { data }, key);
      expect(again).toMatchObject({ status: 201, body: { data: first.body.data, meta: {} } });
      expect(again.headers.get("Idempotency-Replayed")).toBe("true");
      expect(JSON.stringify(again.body)).not.toContain(first.body.meta[secret]);
      expect(await kept()).toContain(first.body.data.id);
      expect(await kept()).not.toContain(first.body.meta[secret]);
    }
  });

  test("such as an invitation's link makes an event each time", async () => {
    const { id, path } = await invited(guildhall, organization);
    const key = keyed();
    const take = (headers: object) => guildhall.api.post(`${path}/link`, undefined, { ...headers });
    const { link } = (await take(key)).body.meta;
    expect(link).toContain("/i/");
    expect((await take(key)).body).toEqual({ meta: {} });
    expect((await take(keyed())).body).toEqual({ meta: { link } });
    expect(await countOf(guildhall, "events", { subject_id: id, type: "invitation.link_copied" })).toBe(2);
    expect(await kept()).not.toContain(link.split("/i/")[1]);
  });

  test("that is sent is stored only as a hash, like the key", async () => {
    const invitee = await buildPerson(guildhall);
    const { id, path } = await invited(guildhall, organization, { email: invitee.user.email });
    const [meta, key] = [{ token: linkToken(guildhall, id) }, unique("key")];
    const accept = () => guildhall.api.as(invitee.token).post(`${path}/accept`, { meta }, keyed(key));
    expect(await accept()).toMatchObject({ status: 200 });
    expect((await accept()).headers.get("Idempotency-Replayed")).toBe("true");
    const text = await kept();
    expect(text).toContain(`${path}/accept`);
    for (const sent of [meta.token.slice(-43), key]) expect(text).not.toContain(sent);
  });
});

describe("a repeated request", () => {
  /** A member who invited somebody. */
  async function inviter() {
    const { membership, user, token } = await buildMember(guildhall, organization, "admin");
    const [key, document] = [keyed(), invitationTo(organization.id, uniqueEmail())];
    const again = () => guildhall.api.as(token).post("/api/invitations", document, key);
    expect(await again()).toMatchObject({ status: 201 });
    return { membership, user, again };
  }

  test("is refused once the right is lost: 403, 404 or 401", async () => {
    const { membership, user, again } = await inviter();
    expect((await again()).headers.get("Idempotency-Replayed")).toBe("true");
    const path = `/bridge-payment/organizations/${organization.id}/members/${membership.id}`;
    const byOwner = guildhall.api.as(owner.token);
    expect(await byOwner.put(path, { role: "member" })).toMatchObject({ status: 200 });
    expect(await again()).toMatchObject(refusal(403, "forbidden"));
    expect(await byOwner.delete(path)).toMatchObject({ status: 200 });
    expect(await again()).toMatchObject(refusal(404, "not_found"));
    await guildhall.db("sessions").where({ user_id: user.id }).delete();
    expect(await again()).toMatchObject(refusal(401, "unauthorized"));
  });

  test("by another user reveals nothing and is done for that user", async () => {
    const { again, user } = await inviter();
    const { token } = await buildPerson(guildhall);
    const [key, document] = [keyed("guessed"), { name: "Acme" }];
    const create = (by: string) => guildhall.api.as(by).post("/bridge-payment/organizations", document, key);
    const [mine, theirs] = [await create(owner.token), await create(token)];
    expect(mine.body.data.id).not.toBe(theirs.body.data.id);
    expect(theirs.headers.has("Idempotency-Replayed")).toBe(false);
    expect((await again()).body.data.relationships.inviter.data.id).toBe(user.id);
  });

  test("by a client whose scope is gone is refused: 403", async () => {
    const client = await buildClient(guildhall, ["users:write"]);
    const grant = { client_id: client.id, environment: owner.user.environment_id, scopes: ["users:write"] };
    const audience = `${guildhall.settings.PUBLIC_URL}/api`;
    const token = await guildhall.context.accessTokens.sign({ ...grant, audience });
    const [key, attributes] = [keyed(), { email: uniqueEmail() }];
    const api = guildhall.api.as(null);
    const create = () =>
      api.post(
        "/api/users",
        { data: { type: "user", attributes } },
        { ...key, Authorization: `Bearer ${token}` },
      );
    expect((await create()).status).toBe(201);
    expect((await create()).headers.get("Idempotency-Replayed")).toBe("true");
    await guildhall
      .db("api_clients")
      .where({ id: client.id })
      .update({ scopes: ["users:read"] });
    expect(await create()).toMatchObject(refusal(403, "scope_missing"));
  });
});

describe("the Bridge API", () => {
  test("does a repeated request once, and refuses the key with another body", async () => {
    const api = guildhall.api.as(owner.token);
    const [key, body] = [keyed(), { organization_id: organization.id, total_cents: 4_990 }];
    const subscribe = (values: object) => api.post("/bridge-payment/subscriptions", values, key);
    const [first, second] = [await subscribe(body), await subscribe(body)];
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers.get("Idempotency-Replayed")).toBe("true");
    expect(await subscribe({ ...body, total_cents: 1 })).toMatchObject(no(422, "idempotency_key_reused"));
    expect(await countOf(guildhall, "subscriptions", { organization_id: organization.id })).toBe(1);
  });

  test("refuses a malformed key and card data, and stores neither", async () => {
    const api = guildhall.api.as(owner.token);
    const before = await countOf(guildhall, "idempotency_keys", {});
    const pay = (body: object, key: string) => api.post("/bridge-payment/payment-methods", body, keyed(key));
    expect(await pay({ type: "card", card_token: "tok" }, "")).toMatchObject(
      no(400, "invalid_idempotency_key"),
    );
    const [key, number] = [unique("key"), "4242 4242 4242 4242"];
    expect(await pay({ type: "card", card_token: number }, key)).toMatchObject(no(422, "card_data_refused"));
    expect(await countOf(guildhall, "idempotency_keys", {})).toBe(before);
    expect(await pay({ type: "card", card_token: unique("tok") }, key)).toMatchObject({ status: 201 });
  });

  test("lets pages of other origins send the key and see a replay", async () => {
    const headers = { Origin: "https://app.example.com", "Access-Control-Request-Method": "POST" };
    const url = `${guildhall.api.origin}/bridge-payment/organizations`;
    const asked = await fetch(url, { method: "OPTIONS", headers });
    expect(asked.headers.get("Access-Control-Allow-Headers")).toContain("Idempotency-Key");
    const answered = await fetch(url, { headers: { ...headers, "X-Session-ID": owner.token } });
    expect(answered.headers.get("Access-Control-Expose-Headers")).toContain("Idempotency-Replayed");
  });
});

test("a user's answers are stored 5,000 times a day; without keys they go on", async () => {
  const person = await buildPerson(guildhall);
  const { limiter } = guildhall.context;
  for (let n = 0; n < LIMITS.keyed.requests - 1; n += 1) limiter.count("keyed", person.user.id);
  const create = (headers: Record<string, string>) =>
    guildhall.api
      .as(person.token)
      .post("/api/organizations", { data: { type: "organization", attributes: { name: "Acme" } } }, headers);
  expect(await create(keyed())).toMatchObject({ status: 201 });
  expect(await create(keyed())).toMatchObject(refusal(429, "too_many_requests"));
  expect(await create({})).toMatchObject({ status: 201 });
});
