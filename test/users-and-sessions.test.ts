import { beforeAll, describe, expect, test } from "vitest";
import { buildEnvironment, buildPerson, unique, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";
import { giveInEnvironment } from "./support/roles.ts";

const guildhall = useGuildhall();

beforeAll(async () => {
  await buildEnvironment(guildhall);
});

const absent = refusal(404, "not_found");

function newUser(email: string, attributes: object = {}) {
  return { data: { type: "user", attributes: { email, ...attributes } } };
}

function newSession(userId: string, attributes: object = {}) {
  const relationships = { user: { data: { type: "user", id: userId } } };
  return { data: { type: "session", attributes, relationships } };
}

describe("a user", () => {
  test("is created with every attribute sent, and found at its Location", async () => {
    const attributes = {
      email: uniqueEmail(),
      email_verified: true,
      first_name: "Renée",
      last_name: "O’Hara-Łukasz",
      picture: "https://example.com/renee.png",
      metadata: { team: ["red", "blue"] },
    };
    const created = await guildhall.api.post("/api/users", { data: { type: "user", attributes } });
    expect(created).toMatchObject({ status: 201, body: { data: { type: "user", attributes } } });
    const { self } = created.body.data.links;
    expect(created.headers.get("Location")).toBe(self);
    expect((await guildhall.api.get(self)).body).toEqual({ ...created.body, links: { self } });
  });

  test("has an unverified address unless the operator says otherwise", async () => {
    const created = await guildhall.api.post("/api/users", newUser(uniqueEmail()));
    expect(created.body.data.attributes.email_verified).toBe(false);
  });

  test("a user is unique by address in any spelling: 409 email_taken", async () => {
    const name = unique("grace");
    const spellings = [`${name}@bücher.example`, `${name.toUpperCase()}@Bücher.example`];
    const [first, ...others] = [
      ...spellings,
      `${name}@xn--bcher-kva.example`,
      `${name}@BU\u0308CHER.example`,
    ];
    expect(await guildhall.api.post("/api/users", newUser(first ?? ""))).toMatchObject({ status: 201 });
    for (const spelling of others) {
      const again = await guildhall.api.post("/api/users", newUser(spelling));
      expect(again, spelling).toMatchObject(refusal(409, "email_taken"));
    }
  });

  test("is another user for the same address in another environment", async () => {
    const { user } = await buildPerson(guildhall, { environment: "globex" });
    const created = await guildhall.api.post("/api/users", newUser(user.email));
    expect(created.status).toBe(201);
    expect(created.body.data.id).not.toBe(user.id);
  });

  test("is found by address in any spelling", async () => {
    const { user } = await buildPerson(guildhall);
    const found = await guildhall.api.get(`/api/users?filter[email]=${user.email.toUpperCase()}`);
    expect(found.body.data).toMatchObject([{ id: user.id }]);
    const none = await guildhall.api.get(`/api/users?filter[email]=${uniqueEmail()}`);
    expect(none).toMatchObject({ status: 200, body: { data: [] } });
  });

  test("is shown to themselves and the operator; to others they are a 404", async () => {
    const [me, other] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    const path = `/api/users/${me.user.id}`;
    expect(await guildhall.api.get(path)).toMatchObject({ status: 200 });
    expect(await guildhall.api.as(me.token).get(path)).toMatchObject({ status: 200 });
    expect(await guildhall.api.as(other.token).get(path)).toMatchObject(absent);
    expect(await guildhall.api.as(null).get(path)).toMatchObject({ status: 401 });
  });

  test("that doesn't exist is a 404", async () => {
    for (const id of ["user_01h2xcejqtf2nbrexx3vqjhp41", "user_none", "me", "1"]) {
      expect(await guildhall.api.get(`/api/users/${id}`)).toMatchObject(absent);
    }
  });
});

describe("a session", () => {
  test("is created for a user, with the device's details, and has a Location", async () => {
    const { user } = await buildPerson(guildhall);
    const attributes = { ip: "2001:db8::1", user_agent: "Mozilla/5.0 (X11)" };
    const created = await guildhall.api.post("/api/sessions", newSession(user.id, attributes));
    expect(created).toMatchObject({
      status: 201,
      body: { data: { type: "session", attributes: { ...attributes, revoked_at: null } } },
    });
    const { data, meta } = created.body;
    expect(created.headers.get("Location")).toBe(data.links.self);
    expect(data.relationships.user.data).toEqual({ type: "user", id: user.id });
    expect((await guildhall.api.get(data.links.self)).body.data).toEqual(data);
    expect(await guildhall.api.as(meta.token).get(`/api/users/${user.id}`)).toMatchObject({ status: 200 });
  });

  test("for an unknown user is a 404 that points at the relationship", async () => {
    for (const id of ["user_01h2xcejqtf2nbrexx3vqjhp41", "nobody", ""]) {
      expect(await guildhall.api.post("/api/sessions", newSession(id))).toMatchObject({
        status: 404,
        body: { errors: [{ source: { pointer: "/data/relationships/user" } }] },
      });
    }
  });

  test("is shown to, listed for and ended by its user and the operator only", async () => {
    const [me, other] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    const mine = (await guildhall.api.as(me.token).get("/api/sessions")).body.data;
    expect(mine).toHaveLength(1);
    const { self } = mine[0].links;

    const outsider = guildhall.api.as(other.token);
    expect(await outsider.get(self)).toMatchObject(absent);
    expect(await outsider.patch(`${self}/revoke`)).toMatchObject(absent);
    expect(await outsider.get(`/api/sessions?filter[user]=${me.user.id}`)).toMatchObject({
      body: { data: [] },
    });
    expect(await guildhall.api.as(me.token).get(self)).toMatchObject({ status: 200 });
    expect(await guildhall.api.patch(`${self}/revoke`)).toMatchObject({ status: 200 });
    expect(await guildhall.api.as(me.token).get(self)).toMatchObject({ status: 401 });
  });

  test("keeps the time it was first ended", async () => {
    const { user } = await buildPerson(guildhall);
    const { body } = await guildhall.api.post("/api/sessions", newSession(user.id));
    const path = `${body.data.links.self}/revoke`;
    const [first, second] = [await guildhall.api.patch(path), await guildhall.api.patch(path)];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.data.attributes.revoked_at).toBe(first.body.data.attributes.revoked_at);
  });

  test("leaves the user's other sessions alone when it ends", async () => {
    const { user, token } = await buildPerson(guildhall);
    const second = await guildhall.api.post("/api/sessions", newSession(user.id));
    await guildhall.api.patch(`${second.body.data.links.self}/revoke`);
    expect(await guildhall.api.as(token).get("/api/sessions")).toMatchObject({ status: 200 });
  });
});

describe("a manager of users and sessions", () => {
  async function buildManager(...permissions: string[]) {
    const person = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, person.user, permissions);
    return guildhall.api.as(person.token);
  }

  test("manages users, and starts and ends sessions", async () => {
    const api = await buildManager("users:read", "users:manage", "sessions:read", "sessions:manage");
    const user = await api.post("/api/users", newUser(uniqueEmail()));
    expect(user.status).toBe(201);
    const { id, links } = user.body.data;
    const document = { data: { type: "user", id, attributes: { first_name: "Ada" } } };
    expect(await api.patch(links.self, document)).toMatchObject({
      status: 200,
      body: { data: { attributes: { first_name: "Ada" } } },
    });
    const session = await api.post("/api/sessions", newSession(id));
    expect(session.status).toBe(201);
    expect((await guildhall.api.as(session.body.meta.token).get(links.self)).status).toBe(200);
    const own = session.body.data.links.self;
    expect((await api.patch(`${own}/touch`)).status).toBe(200);
    expect((await api.patch(`${own}/revoke`)).status).toBe(200);
    expect(await api.patch(`${own}/touch`)).toMatchObject(refusal(409, "session_ended"));
    expect((await api.delete(own)).status).toBe(204);
    expect((await api.delete(links.self)).status).toBe(204);
  });

  test("sees what they wrote, without a right to read", async () => {
    const api = await buildManager("users:manage", "sessions:manage");
    const user = await api.post("/api/users", newUser(uniqueEmail()));
    expect(user.status).toBe(201);
    const { id, links } = user.body.data;
    expect((await api.patch(links.self, { data: { type: "user", id, attributes: {} } })).status).toBe(200);
    const session = await api.post("/api/sessions", newSession(id));
    expect(session.status).toBe(201);
    expect(session.body.meta.token).toEqual(expect.any(String));
    for (const { body } of [user, session]) expect(await api.get(body.data.links.self)).toMatchObject(absent);
  });

  test("sees everyone with users:read and sessions:read", async () => {
    const { user } = await buildPerson(guildhall);
    const reader = await buildManager("users:read", "sessions:read");
    const other = await buildManager("users:manage");
    const sessions = `/api/sessions?filter[user]=${user.id}`;
    expect((await reader.get(`/api/users/${user.id}`)).status).toBe(200);
    expect((await reader.get(sessions)).body.data).toHaveLength(1);
    expect(await other.get(`/api/users/${user.id}`)).toMatchObject(absent);
    expect((await other.get(sessions)).body.data).toEqual([]);
  });
});

describe("changing a user", () => {
  const change = (id: string, attributes: object) =>
    guildhall.api.patch(`/api/users/${id}`, { data: { type: "user", id, attributes } });

  test("keeps what is left out, and null clears a field", async () => {
    const { user } = await buildPerson(guildhall, { first_name: "Ada", last_name: "Lovelace" });
    const changed = await change(user.id, { last_name: null, metadata: { desk: 5 } });
    expect(changed.body.data.attributes).toMatchObject({
      email: user.email,
      email_verified: true,
      first_name: "Ada",
      last_name: null,
      metadata: { desk: 5 },
    });
  });

  test("makes a new address unverified, but not a new spelling", async () => {
    const { user } = await buildPerson(guildhall);
    const spelled = await change(user.id, { email: user.email.toUpperCase() });
    expect(spelled.body.data.attributes.email_verified).toBe(true);
    const moved = await change(user.id, { email: uniqueEmail() });
    expect(moved.body.data.attributes.email_verified).toBe(false);
    expect((await change(user.id, { email_verified: true })).body.data.attributes.email_verified).toBe(true);
    const vouched = await change(user.id, { email: uniqueEmail(), email_verified: true });
    expect(vouched.body.data.attributes.email_verified).toBe(true);
  });

  test("to another user's address is a 409 and changes nothing", async () => {
    const [{ user }, { user: other }] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    const answer = await change(user.id, { email: other.email.toUpperCase(), first_name: "Eve" });
    expect(answer).toMatchObject(refusal(409, "email_taken"));
    expect((await guildhall.api.get(`/api/users/${user.id}`)).body.data.attributes).toMatchObject({
      email: user.email,
      first_name: null,
    });
  });
});
