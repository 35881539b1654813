import { beforeAll, describe, expect, test } from "vitest";
import { expireInvitations } from "../src/invitations/expire-invitations.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { ApiAnswer } from "./support/api.ts";
import { batchTo } from "./support/batches.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invite,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildWorld, letters, linkTo, type World } from "./support/one-of-everything.ts";
import { buildRole, membershipRole, rolePermission, userRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let world: World;

beforeAll(async () => {
  world = await buildWorld(guildhall);
});

/** The events that `act` made, oldest first, in any environment. */
async function eventsOf(act: () => Promise<unknown>) {
  const before = await guildhall.db("events").pluck("id");
  await act();
  return guildhall.db("events").whereNotIn("id", before).orderBy("id");
}

const resource = (type: string, attributes: object, relationships: object = {}) => ({
  data: { type, attributes, relationships },
});
const change = (type: string, path: string, attributes: object) => ({
  data: { type, id: path.split("/").at(-1), attributes },
});

/** Requests about one resource in order, each with its path and the events it makes. */
type Step = [event: string[], act: (path: string) => Promise<ApiAnswer>];
const { post, patch, remove } = {
  post: (path: string, document?: object) => guildhall.api.post(path, document),
  patch: (path: string, document?: object) => guildhall.api.patch(path, document),
  remove: (path: string) => guildhall.api.delete(path),
};

async function ends() {
  const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
  const { user, membership } = await buildMember(guildhall, organization, "member");
  return { organization, user, membership, role: await buildRole(guildhall, []) };
}

const lives: Record<string, Step[]> = {
  environment: [
    [
      ["environment.created"],
      () => post("/api/environments", resource("environment", { handle: unique("env"), name: "E" })),
    ],
    [["environment.updated"], (path) => patch(path, change("environment", path, { name: "F" }))],
  ],
  user: [
    [["user.created"], () => post("/api/users", resource("user", { email: uniqueEmail() }))],
    [["user.updated"], (path) => patch(path, change("user", path, { first_name: "Ada" }))],
    [["user.deleted"], remove],
  ],
  session: [
    [
      ["session.created"],
      () => post("/api/sessions", resource("session", {}, { user: linkTo("user", world.owner.user.id) })),
    ],
    [[], (path) => patch(`${path}/touch`)],
    [["session.revoked"], (path) => patch(`${path}/revoke`)],
    [[], (path) => patch(`${path}/revoke`)],
    [["session.deleted"], remove],
  ],
  api_client: [
    [
      ["api_client.created"],
      () => post("/api/api-clients", resource("api_client", { name: "sync", scopes: ["users:read"] })),
    ],
    [["api_client.updated"], (path) => patch(path, change("api_client", path, { name: "synchronise" }))],
    [["api_client.deleted"], remove],
  ],
  suppression: [
    [
      ["suppression.created"],
      () =>
        post("/api/suppressions", resource("suppression", { email: uniqueEmail(), reason: "complained" })),
    ],
    [["suppression.deleted"], remove],
  ],
  permission: [
    [
      ["permission.created"],
      () => post("/api/permissions", resource("permission", { name: `bills:${letters()}` })),
    ],
    [["permission.updated"], (path) => patch(path, change("permission", path, { description: "Bills" }))],
    [["permission.deleted"], remove],
  ],
  role: [
    [["role.created"], () => post("/api/roles", resource("role", { name: unique("role") }))],
    [["role.updated"], (path) => patch(path, change("role", path, { description: "Helps" }))],
    [["role.deleted"], remove],
  ],
  role_permission: [
    [
      ["role_permission.created"],
      async () =>
        post("/api/role-permissions", rolePermission((await ends()).role, world.ids.permissions ?? "")),
    ],
    [["role_permission.deleted"], remove],
  ],
  user_role: [
    [
      ["user_role.created"],
      async () => post("/api/user-roles", userRole(world.owner.user.id, (await ends()).role)),
    ],
    [["user_role.deleted"], remove],
  ],
  membership_role: [
    [
      ["membership_role.created"],
      async () => {
        const { membership, role } = await ends();
        return post("/api/membership-roles", membershipRole(membership.id, role));
      },
    ],
    [["membership_role.deleted"], remove],
  ],
  organization: [
    [["organization.created"], () => post("/api/organizations", resource("organization", { name: "Acme" }))],
    [["organization.updated"], (path) => patch(path, change("organization", path, { name: "Acme 2" }))],
    [[], (path) => post(`${path}/deletion-preview`)],
    [["organization.deletion_started"], remove],
  ],
  membership: [
    [
      ["membership.created"],
      async () => {
        const { organization } = await ends();
        const user = linkTo("user", (await buildPerson(guildhall)).user.id);
        const links = { user, organization: linkTo("organization", organization.id) };
        return post("/api/memberships", resource("membership", {}, links));
      },
    ],
    [["membership.updated"], (path) => patch(path, change("membership", path, { metadata: { desk: 5 } }))],
    [["membership.removed"], remove],
  ],
  invitation_batch: [
    [
      ["invitation_batch.created"],
      () => post("/api/invitation-batches", batchTo(world.organization.id, [{ email: uniqueEmail() }])),
    ],
    [["invitation_batch.canceled"], (path) => post(`${path}/cancel`)],
    [[], (path) => post(`${path}/cancel`)],
  ],
  "invitation, revoked": [
    [["invitation.created"], () => invite(guildhall, world.organization, uniqueEmail())],
    [["invitation.revoked"], (path) => post(`${path}/revoke`)],
    [[], (path) => post(`${path}/revoke`)],
  ],
  "invitation, declined": [
    [["invitation.created"], () => invite(guildhall, world.organization, uniqueEmail())],
    [["invitation.declined"], (path) => post(`${path}/decline`, { meta: {} })],
  ],
  "invitation, accepted": [
    [["invitation.created"], () => invite(guildhall, world.organization, uniqueEmail())],
    [
      ["invitation.accepted", "membership.created"],
      async (path) => {
        const { email } = (await guildhall.api.get(path)).body.data.attributes;
        const { user } = await buildPerson(guildhall, { email });
        return post(`${path}/accept`, { meta: { user_id: user.id } });
      },
    ],
  ],
};

describe("every change makes one event, and no change makes none", () => {
  test.each(Object.entries(lives))("%s", async (_, steps) => {
    let path = "";
    for (const [expected, act] of steps) {
      let answer: ApiAnswer | undefined;
      const happened = await eventsOf(async () => {
        answer = await act(path);
      });
      expect(answer?.status, JSON.stringify(answer?.body)).toBeLessThan(300);
      path ||= answer?.body.data.links.self;
      const requestId = answer?.headers.get("X-Request-Id");
      const ofThis = happened.filter(({ request_id }) => request_id === requestId);
      expect(ofThis.map(({ type }) => type)).toEqual(expected);
      for (const event of ofThis)
        expect(event).toMatchObject({ actor_kind: "operator", actor_user_id: null });
    }
  });

  test("a refused request makes no event", async () => {
    const { organization, membership } = await ends();
    const owner = await roleNamed("owner");
    const happened = await eventsOf(async () => {
      const refused = [
        await post("/api/users", resource("user", { email: world.owner.user.email })),
        await post("/api/users", resource("user", { email: "nobody" })),
        await post("/api/roles", resource("role", { name: "owner" })),
        await post("/api/membership-roles", membershipRole(membership.id, owner)),
        await remove(`/api/roles/${owner}`),
        await remove(`/api/users/${world.owner.user.id}`),
        await patch(`/api/organizations/${organization.id}`, { data: {} }),
        await guildhall.api.as(world.owner.token).delete(`/api/organizations/${organization.id}`),
      ];
      for (const { status } of refused) expect(status).toBeGreaterThanOrEqual(400);
    });
    expect(happened).toEqual([]);
  });
});

async function roleNamed(name: string): Promise<string> {
  return (await guildhall.api.get(`/api/roles?filter[name]=${name}`)).body.data[0].id;
}

describe("accepting by a link", () => {
  const acceptedBy = async (email: string) => {
    const { id, links } = (await invite(guildhall, world.organization, email)).body.data;
    const token = guildhall.context.linkKeys.sign({ invitationId: id, tokenVersion: 1 });
    const accept = () => guildhall.api.as(null).post(`${links.self}/accept`, { meta: { token } });
    const happened = await eventsOf(async () => {
      for (let time = 0; time < 2; time += 1) expect((await accept()).status).toBe(200);
    });
    expect(new Set(happened.map(({ created_at }) => created_at.getTime())).size).toBe(1);
    return happened;
  };

  test("makes an event for a new user, by the invitee", async () => {
    const email = uniqueEmail();
    const happened = await acceptedBy(email);
    const { id } = await guildhall.db("users").where({ email_canonical: email }).first("id");
    expect(happened.map(({ type }) => type).sort()).toEqual([
      ...["invitation.accepted", "membership.created", "user.created"],
    ]);
    expect(happened.find(({ type }) => type === "user.created")).toMatchObject({
      ...{ subject_id: id, organization_id: null, data: {} },
      ...{ actor_kind: "invitee", actor_user_id: null },
    });
  });

  test("makes no user event if the user exists", async () => {
    const happened = await acceptedBy((await buildPerson(guildhall)).user.email);
    expect(happened.map(({ type }) => type).sort()).toEqual(["invitation.accepted", "membership.created"]);
  });
});

describe("an event's actor", () => {
  const rename = { data: { type: "organization", attributes: { country: "DE" } } };

  test("is linked if it is a user", async () => {
    const { id } = world.organization;
    const path = `/api/organizations/${id}`;
    const answer = await guildhall.api.as(world.owner.token).patch(path, { data: { ...rename.data, id } });
    const { body } = await guildhall.api.get(
      `/api/events?filter[subject]=${id}&sort=-id&page[size]=1&include=actor`,
    );
    expect(body).toMatchObject({
      data: [
        {
          attributes: {
            event_type: "organization.updated",
            actor_kind: "user",
            data: { changed: ["country"] },
            organization_id: id,
            subject_id: id,
            request_id: answer.headers.get("X-Request-Id"),
          },
          relationships: { actor: { data: { type: "user", id: world.owner.user.id } } },
        },
      ],
      included: [{ type: "user", id: world.owner.user.id }],
    });
  });

  test("is only a kind if it is a client, an invitee or a schedule", async () => {
    const token = await accessToken(guildhall, await buildClient(guildhall, ["organizations:write"]));
    const { id } = await buildOrganization(guildhall, await buildPerson(guildhall));
    const byClient = () =>
      bearing(guildhall, token).patch(`/api/organizations/${id}`, { data: { ...rename.data, id } });
    expect(await eventsOf(byClient)).toMatchObject([{ actor_kind: "client", actor_user_id: null }]);

    const [first, second] = [
      await invite(guildhall, world.organization, uniqueEmail()),
      await invite(guildhall, world.organization, uniqueEmail()),
    ];
    const link = guildhall.context.linkKeys.sign({ invitationId: first.body.data.id, tokenVersion: 1 });
    const byInvitee = () =>
      guildhall.api.as(null).post(`${first.body.data.links.self}/decline`, { meta: { token: link } });
    expect(await eventsOf(byInvitee)).toMatchObject([{ type: "invitation.declined", actor_kind: "invitee" }]);

    await guildhall.db("invitations").where({ id: second.body.data.id }).update({ expires_at: "2026-01-01" });
    const bySchedule = () => expireInvitations(guildhall.db, () => false);
    expect(await eventsOf(bySchedule)).toMatchObject([{ type: "invitation.expired", actor_kind: "system" }]);
  });
});
