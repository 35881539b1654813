import { describe, expect, test } from "vitest";
import { detachOrganizations } from "../jobs/detach-organizations.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import { buildMember, buildOrganization, buildPerson, invite, uniqueEmail } from "./support/builders.ts";
import { OPERATOR_TOKEN, useGuildhall } from "./support/guildhall.ts";
import { buildWorld } from "./support/one-of-everything.ts";
import { giveInEnvironment } from "./support/roles.ts";

const guildhall = useGuildhall();

interface Row {
  id: string;
  attributes: { event_type: string; organization_id: string | null; subject_id: string };
}

async function list(api: Api, query = ""): Promise<Row[]> {
  const { status, body } = await api.get(`/api/events?page[size]=100${query}`);
  expect(status).toBe(200);
  return body.data;
}

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner);
  const invited = await invite(guildhall, organization, uniqueEmail());
  return { owner, organization, invitation: invited.body.data.id as string };
}

describe("an organization's events", () => {
  test("its owner and admins see all events of their organization only", async () => {
    const { owner, organization } = await buildTeam();
    await buildTeam();
    const admin = await buildMember(guildhall, organization, "admin");
    for (const { token } of [owner, admin]) {
      const rows = await list(guildhall.api.as(token));
      expect(rows.map(({ attributes }) => attributes.event_type)).toEqual([
        "organization.created",
        "invitation.created",
      ]);
      expect(rows.every(({ attributes }) => attributes.organization_id === organization.id)).toBe(true);
      expect((await guildhall.api.as(token).get(`/api/events/${rows[0]?.id}`)).status).toBe(200);
    }
  });

  test("members without events:read, outsiders and former members see no events", async () => {
    const { owner, organization } = await buildTeam();
    const [{ id = "" } = {}] = await list(guildhall.api.as(owner.token));
    const admin = await buildMember(guildhall, organization, "admin");
    await guildhall.api.delete(`/api/memberships/${admin.membership.id}`);
    const others = [
      await buildMember(guildhall, organization, "billing"),
      await buildMember(guildhall, organization, "member"),
      await buildPerson(guildhall),
      admin,
    ];
    for (const { token } of others) {
      expect(await list(guildhall.api.as(token), `&filter[organization]=${organization.id}`)).toEqual([]);
      expect((await guildhall.api.as(token).get(`/api/events/${id}`)).status).toBe(404);
    }
  });

  test("events:read in the environment, or the scope, shows every event", async () => {
    const { organization } = await buildTeam();
    const reader = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, reader.user, ["events:read"]);
    const client = bearing(
      guildhall,
      await accessToken(guildhall, await buildClient(guildhall, ["events:read"])),
    );
    for (const api of [guildhall.api, guildhall.api.as(reader.token), client]) {
      expect(await list(api, `&filter[organization]=${organization.id}`)).toHaveLength(2);
      expect(
        (await list(api, `&filter[subject]=${reader.user.id}`)).map(
          ({ attributes }) => attributes.event_type,
        ),
      ).toEqual(["user.created", "user_role.created"]);
    }
    const other = bearing(
      guildhall,
      await accessToken(guildhall, await buildClient(guildhall, ["users:read"])),
    );
    expect(await other.get("/api/events")).toMatchObject({
      status: 403,
      body: { errors: [{ code: "scope_missing" }] },
    });
  });

  test("the operator sees a deleted organization's events, its members don't", async () => {
    const { owner, organization } = await buildTeam();
    await guildhall.api.as(owner.token).delete(`/api/organizations/${organization.id}`);
    await detachOrganizations.run(guildhall.jobContext, {});
    const types = (await list(guildhall.api, `&filter[organization]=${organization.id}`)).map(
      ({ attributes }) => attributes.event_type,
    );
    expect(types).toEqual(
      expect.arrayContaining(["organization.deletion_started", "invitation.revoked", "organization.deleted"]),
    );
    expect(await list(guildhall.api.as(owner.token))).toEqual([]);
  });
});

describe("filtering events", () => {
  test("events are filtered by organization, type and subject, or all together", async () => {
    const { organization, invitation } = await buildTeam();
    const of = `&filter[organization]=${organization.id}`;
    const types = async (query: string) =>
      (await list(guildhall.api, query)).map(({ attributes }) => attributes.event_type);
    expect(await types(of)).toEqual(["organization.created", "invitation.created"]);
    expect(await types(`${of}&filter[type]=invitation.created`)).toEqual(["invitation.created"]);
    expect(await types(`&filter[subject]=${invitation}`)).toEqual(["invitation.created"]);
    expect(await types(`${of}&filter[type]=organization.created&filter[subject]=${invitation}`)).toEqual([]);
    expect(new Set(await types("&filter[type]=invitation.created"))).toEqual(new Set(["invitation.created"]));
    expect(await types("&filter[type]=nothing.happened")).toEqual([]);
  });
});

test("nobody can write, change or delete events", async () => {
  const { organization } = await buildTeam();
  const [{ id = "" } = {}] = await list(guildhall.api, `&filter[organization]=${organization.id}`);
  const document = { data: { type: "event", id, attributes: { event_type: "organization.deleted" } } };
  expect((await guildhall.api.post("/api/events", document)).status).toBe(405);
  expect((await guildhall.api.patch(`/api/events/${id}`, document)).status).toBe(405);
  expect((await guildhall.api.delete(`/api/events/${id}`)).status).toBe(405);
});

test("no event contains a token, a secret or its hash", async () => {
  const { owner } = await buildWorld(guildhall);
  const { id, secret } = await buildClient(guildhall, ["events:read"]);
  const { organization, invitation } = await buildTeam();
  const link = guildhall.context.linkKeys.sign({ invitationId: invitation, tokenVersion: 1 });
  await guildhall.api.as(null).post(`/api/invitations/${invitation}/accept`, { meta: { token: link } });
  const access = await accessToken(guildhall, { id, secret });
  const relationships = { user: { data: { type: "user", id: owner.user.id } } };
  const session = await guildhall.api.post("/api/sessions", { data: { type: "session", relationships } });
  await guildhall.api.patch(`${session.body.data.links.self}/revoke`);

  const answers = JSON.stringify(await list(guildhall.api, "&sort=-id"));
  const table = JSON.stringify(await guildhall.db("events"));
  expect(answers).toContain(organization.id);
  for (const kept of [owner.token, session.body.meta.token, secret, access, link, OPERATOR_TOKEN]) {
    for (const text of [answers, table]) {
      expect(text).not.toContain(kept);
      expect(text).not.toContain(kept.slice(-20));
    }
  }
  expect(table).not.toMatch(/"(token|secret|password|token_hash|secret_hash)"/);
});
