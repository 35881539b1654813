import { beforeAll, describe, expect, test } from "vitest";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildEnvironment,
  buildOrganization,
  buildPerson,
  roleId,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

beforeAll(async () => {
  await buildEnvironment(guildhall);
});

function newOrganization(attributes: object = {}, owner?: string) {
  const relationships = owner === undefined ? {} : { owner: { data: { type: "user", id: owner } } };
  return { data: { type: "organization", attributes: { name: "Acme Corp", ...attributes }, relationships } };
}

function change(id: string, attributes: object) {
  return { data: { type: "organization", id, attributes } };
}

test("the documentation's three calls work as printed, with real ids", async () => {
  const { user } = await buildPerson(guildhall);
  const roles = await Promise.all([
    roleId(guildhall, user.environment_id, "billing"),
    roleId(guildhall, user.environment_id, "member"),
  ]);
  // The client adds what the documentation's curl sends, too: the content type and a credential.
  const call = (path: string, body: string) => guildhall.api.post(path, body);

  const organization = await call(
    "/api/organizations",
    '{ "data": { "type": "organization", "attributes": { "name": "Acme Corp" } } }',
  );
  expect(organization.status).toBe(201);
  const ORG_ID = organization.body.data.id;
  const membership = await call(
    "/api/memberships",
    `{ "data": { "type": "membership", "attributes": {}, "relationships": { "user": { "data": { "type": "user", "id": "${user.id}" } }, "organization": { "data": { "type": "organization", "id": "${ORG_ID}" } } } } }`,
  );
  expect(membership.status).toBe(201);
  const invitation = await call(
    "/api/invitations",
    `{ "data": { "type": "invitation", "attributes": { "email": "${uniqueEmail()}", "role_ids": ["${roles[0]}", "${roles[1]}"] }, "relationships": { "organization": { "data": { "type": "organization", "id": "${ORG_ID}" } } } } }`,
  );
  expect(invitation.status).toBe(201);
  expect(invitation.body.data.attributes.role_ids).toEqual([...roles].sort());
});

describe("creating an organization", () => {
  test("makes a signed-in user owner and member", async () => {
    const { user, token } = await buildPerson(guildhall);
    const api = guildhall.api.as(token);
    const created = await api.post("/api/organizations", newOrganization());

    expect(created).toMatchObject({
      status: 201,
      body: { data: { type: "organization", attributes: { name: "Acme Corp", member_management: "owner" } } },
    });
    const { id, links, relationships } = created.body.data;
    expect(created.headers.get("Location")).toBe(links.self);
    expect(relationships.owner.data).toEqual({ type: "user", id: user.id });
    expect((await api.get(links.self)).body).toEqual({ ...created.body, links: { self: links.self } });

    const members = await api.get(relationships.memberships.links.related);
    const owner = await roleId(guildhall, user.environment_id, "owner");
    expect(members.body.data).toHaveLength(1);
    expect(members.body.data[0].relationships).toMatchObject({
      organization: { data: { type: "organization", id } },
      user: { data: { type: "user", id: user.id } },
      roles: { data: [{ type: "role", id: owner }] },
    });
    expect(await api.get(relationships.invitations.links.related)).toMatchObject({
      status: 200,
      body: { data: [] },
    });
  });

  test("as operator may name an owner or none", async () => {
    const { user } = await buildPerson(guildhall);
    const owned = await guildhall.api.post("/api/organizations", newOrganization({}, user.id));
    expect(owned.body.data.relationships.owner.data).toEqual({ type: "user", id: user.id });

    const unowned = await guildhall.api.post("/api/organizations", newOrganization());
    expect(unowned.status).toBe(201);
    expect(unowned.body.data.relationships.owner.data).toBeNull();
  });

  test("as a user may name only oneself as the owner: 403", async () => {
    const [me, other] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    const api = guildhall.api.as(me.token);
    expect(await api.post("/api/organizations", newOrganization({}, me.user.id))).toMatchObject({
      status: 201,
    });
    const forOther = await api.post("/api/organizations", newOrganization({}, other.user.id));
    expect(forOther).toMatchObject(refusal(403, "owner_is_caller"));
  });

  test("keeps every attribute sent", async () => {
    const attributes = {
      name: "Zoë’s Bäckerei & Söhne <b>",
      slug: unique("zoe"),
      business_email: "office@example.com",
      business_phone: "+49 30 1234567",
      tax_id: "DE123456789",
      address: "Hauptstraße 1, 10115 Berlin",
      country: "DE",
      picture: "https://example.com/logo.png",
      metadata: { plan: "gold", nested: { list: [1, "two", null, true] } },
      external_id: unique("crm"),
      member_management: "owner_and_admins",
    };
    const created = await guildhall.api.post("/api/organizations", newOrganization(attributes));
    const read = await guildhall.api.get(created.body.data.links.self);
    expect(read.body.data.attributes).toMatchObject(attributes);
  });

  test("takes an address of ten lines, and stores line breaks as \\n", async () => {
    const made = async (address: string) => {
      const { status, body } = await guildhall.api.post("/api/organizations", newOrganization({ address }));
      return status === 201 ? body.data.attributes.address : status;
    };
    const ten = Array.from({ length: 10 }, (_, n) => `Line ${n}`);
    expect(await made("Acme GmbH\r\nHauptstraße 1\n\r\n10115 Berlin\r\n")).toBe(
      "Acme GmbH\nHauptstraße 1\n\n10115 Berlin",
    );
    expect(await made(ten.join("\r\n"))).toBe(ten.join("\n"));
    expect(await made([...ten, "one more"].join("\n"))).toBe(422);
    for (const other of ["\r", "\t", "\v", "\f", "\u0000", "\u001b", "\u007f", "\u0085"])
      expect([400, 422], JSON.stringify(other)).toContain(await made(`1 Road${other}London`));
  });

  test("with a taken slug or external_id is a 409", async () => {
    const { user } = await buildPerson(guildhall, { environment: unique("other") });
    const { handle } = await guildhall.db("environments").where({ id: user.environment_id }).first("handle");
    await buildPerson(guildhall);
    for (const attributes of [{ slug: unique("taken") }, { external_id: unique("taken") }]) {
      const document = newOrganization(attributes);
      expect(await guildhall.api.post("/api/organizations", document)).toMatchObject({ status: 201 });
      const again = await guildhall.api.post("/api/organizations", document);
      expect(again).toMatchObject(refusal(409, "organization_exists"));
      const elsewhere = await guildhall.api.in(handle).post("/api/organizations", document);
      expect(elsewhere).toMatchObject({ status: 201 });
    }
  });
});

test("changing an organization keeps what is left out, and null clears", async () => {
  const owner = await buildPerson(guildhall);
  const { id } = await buildOrganization(guildhall, owner, { tax_id: "DE1", country: "DE" });
  const api = guildhall.api.as(owner.token);
  const changed = await api.patch(`/api/organizations/${id}`, change(id, { name: "Globex", tax_id: null }));
  expect(changed).toMatchObject({
    status: 200,
    body: { data: { id, attributes: { name: "Globex", tax_id: null, country: "DE" } } },
  });
  const self = `/api/organizations/${id}`;
  expect((await api.get(self)).body).toEqual({ ...changed.body, links: { self } });
});

test("changing a slug or external_id to one that is taken is a 409", async () => {
  const owner = await buildPerson(guildhall);
  const slug = unique("taken");
  await buildOrganization(guildhall, owner, { slug });
  const { id } = await buildOrganization(guildhall, owner);
  const answer = await guildhall.api.patch(`/api/organizations/${id}`, change(id, { name: "New", slug }));
  expect(answer.status).toBe(409);
  expect(await guildhall.db("organizations").where({ id }).first()).toMatchObject({
    name: "Acme Corp",
    slug: null,
  });
});

describe("an organization's", () => {
  const program = { metadata: { plan: "gold" }, external_id: "crm-1" };

  test.each(Object.entries(program))(
    "an organization's %s can't be set by a signed-in user: 403",
    async (name, value) => {
      const owner = await buildPerson(guildhall);
      const api = guildhall.api.as(owner.token);
      const { id } = await buildOrganization(guildhall, owner);
      const no = refusal(403, "program_only", { pointer: `/data/attributes/${name}` });
      expect(await api.post("/api/organizations", newOrganization({ [name]: value }))).toMatchObject(no);
      expect(await api.patch(`/api/organizations/${id}`, change(id, { [name]: value }))).toMatchObject(no);
      expect(await guildhall.db("organizations").where({ id }).first()).toMatchObject({
        metadata: {},
        external_id: null,
      });
    },
  );

  test("private fields stay when members write public_metadata", async () => {
    const owner = await buildPerson(guildhall);
    const external_id = unique("crm");
    const { id } = await buildOrganization(guildhall, owner, { ...program, external_id });
    const attributes = { public_metadata: { plan: "platinum" } };
    const changed = await guildhall.api
      .as(owner.token)
      .patch(`/api/organizations/${id}`, change(id, attributes));
    expect(changed).toMatchObject({
      status: 200,
      body: { data: { attributes: { ...attributes, metadata: program.metadata, external_id } } },
    });
  });

  test("private fields are set with an access token", async () => {
    const { id } = await buildOrganization(guildhall, await buildPerson(guildhall));
    const client = await buildClient(guildhall, ["organizations:write"]);
    const api = bearing(guildhall, await accessToken(guildhall, client));
    const attributes = { ...program, external_id: unique("crm") };
    const changed = await api.patch(`/api/organizations/${id}`, change(id, attributes));
    expect(changed).toMatchObject({ status: 200, body: { data: { attributes } } });
  });
});

test("users list the organizations they are members of, the operator lists all", async () => {
  const [me, other] = [await buildPerson(guildhall), await buildPerson(guildhall)];
  const mine = await buildOrganization(guildhall, me);
  const theirs = await buildOrganization(guildhall, other);
  const idsFor = async (api: Api) =>
    (await api.get("/api/organizations?page[size]=100")).body.data.map(({ id }: { id: string }) => id);

  expect(await idsFor(guildhall.api.as(me.token))).toEqual([mine.id]);
  expect(await idsFor(guildhall.api)).toEqual(expect.arrayContaining([mine.id, theirs.id]));
});
