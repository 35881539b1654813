import { beforeAll, describe, expect, test } from "vitest";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invite,
  type Person,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";
import { giveInEnvironment } from "./support/roles.ts";

const guildhall = useGuildhall();
let owner: Person;
let organizationId: string;
let colleague: Api;
const note = unique("risk-score");

beforeAll(async () => {
  owner = await buildPerson(guildhall, { metadata: { note } });
  const organization = await buildOrganization(guildhall, owner);
  organizationId = organization.id;
  colleague = guildhall.api.as((await buildMember(guildhall, organization, "admin")).token);
  await invite(guildhall, organization, (await buildPerson(guildhall)).user.email);
});

describe("a user's metadata", () => {
  test("a user's metadata is hidden from fellow members and from the user", async () => {
    const ways = [
      "/api/users?page[size]=100",
      `/api/users/${owner.user.id}`,
      `/api/users/${owner.user.id}?fields[user]=email,metadata`,
      `/api/organizations/${organizationId}/owner`,
      `/api/organizations?include=owner,memberships.user,invitations.inviter`,
      `/api/memberships?include=user&fields[user]=metadata`,
      `/api/sessions?include=user`,
      `/api/events?filter[organization]=${organizationId}&include=actor`,
      `/bridge-payment/organizations/${organizationId}/members`,
    ];
    for (const api of [colleague, guildhall.api.as(owner.token)])
      for (const way of ways) {
        const { status, body } = await api.get(way);
        expect(status, way).toBe(200);
        expect(JSON.stringify(body), way).not.toContain(note);
      }
    const { body } = await colleague.get(`/api/users/${owner.user.id}`);
    expect(body.data.attributes).not.toHaveProperty("metadata");
  });

  test("a user's metadata can't be set by a signed-in user: 403 program_only", async () => {
    const support = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, support.user, ["users:read", "users:manage"]);
    const api = guildhall.api.as(support.token);
    for (const { user } of [support, await buildPerson(guildhall)]) {
      const data = { type: "user", id: user.id, attributes: { metadata: { crm: "another" } } };
      expect(await api.patch(`/api/users/${user.id}`, { data })).toMatchObject(
        refusal(403, "program_only", { pointer: "/data/attributes/metadata" }),
      );
    }
    const attributes = { email: uniqueEmail(), metadata: { crm: "another" } };
    const created = await api.post("/api/users", { data: { type: "user", attributes } });
    expect(created).toMatchObject(refusal(403, "program_only"));
  });

  test("is shown to programs and to users with users:read", async () => {
    const support = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, support.user, ["users:read", "organization:read"]);
    const client = await buildClient(guildhall, ["users:read", "organizations:read"]);
    const program = bearing(guildhall, await accessToken(guildhall, client));
    for (const api of [guildhall.api, program, guildhall.api.as(support.token)]) {
      expect((await api.get(`/api/users/${owner.user.id}`)).body.data.attributes.metadata).toEqual({ note });
      const { body } = await api.get(`/api/organizations/${organizationId}?include=owner`);
      expect(body.included[0].attributes.metadata).toEqual({ note });
    }
  });

  test("isn't shown to a user who may change users but not read them", async () => {
    const clerk = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, clerk.user, ["users:manage"]);
    const { id } = owner.user;
    const change = { data: { type: "user", id, attributes: { first_name: "Ada" } } };
    const { status, body } = await guildhall.api.as(clerk.token).patch(`/api/users/${id}`, change);
    expect({ status, name: body.data.attributes.first_name }).toEqual({ status: 200, name: "Ada" });
    expect(body.data.attributes).not.toHaveProperty("metadata");
  });
});
