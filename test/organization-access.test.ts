import { describe, expect, test } from "vitest";
import type { SystemRoleName } from "../src/access/permissions.ts";
import type { Api } from "./support/api.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

function change(id: string, attributes: object) {
  return { data: { type: "organization", id, attributes } };
}

/** The status each of them gets; `outsider` is signed in and a member of another organization. */
type Status = Record<SystemRoleName | "outsider" | "anonymous", number>;

describe("access to an organization:", () => {
  const read: Status = { owner: 200, admin: 200, billing: 200, member: 200, outsider: 404, anonymous: 401 };
  const update: Status = { owner: 200, admin: 200, billing: 403, member: 403, outsider: 404, anonymous: 401 };
  const remove: Status = { owner: 202, admin: 403, billing: 403, member: 403, outsider: 404, anonymous: 401 };
  const preview: Status = { ...remove, owner: 200 };
  const actions: Array<[string, Status, (api: Api, id: string) => Promise<{ status: number }>]> = [
    ["read it", read, (api, id) => api.get(`/api/organizations/${id}`)],
    ["see its members", read, (api, id) => api.get(`/api/organizations/${id}/memberships`)],
    ["see its invitations", read, (api, id) => api.get(`/api/organizations/${id}/invitations`)],
    ["change it", update, (api, id) => api.patch(`/api/organizations/${id}`, change(id, { name: "New" }))],
    ["preview its deletion", preview, (api, id) => api.post(`/api/organizations/${id}/deletion-preview`)],
    ["delete it", remove, (api, id) => api.delete(`/api/organizations/${id}`)],
  ];

  test.each(actions)("%s", async (_, expected, act) => {
    const owner = await buildPerson(guildhall);
    const outsider = await buildPerson(guildhall);
    await buildOrganization(guildhall, outsider);
    const organization = await buildOrganization(guildhall, owner);
    const tokens = {
      anonymous: null,
      outsider: outsider.token,
      member: (await buildMember(guildhall, organization, "member")).token,
      billing: (await buildMember(guildhall, organization, "billing")).token,
      admin: (await buildMember(guildhall, organization, "admin")).token,
      owner: owner.token,
    };
    for (const [who, token] of Object.entries(tokens)) {
      const { status } = await act(guildhall.api.as(token), organization.id);
      expect(status, who).toBe(expected[who as keyof Status]);
    }
  });
});

test.each(["memberships", "invitations", "roles", "events"])(
  "%s of an organization are listed to members only",
  async (collection) => {
    const owner = await buildPerson(guildhall);
    const outsider = await buildPerson(guildhall);
    await buildOrganization(guildhall, outsider);
    const { id } = await buildOrganization(guildhall, owner);
    await guildhall.api.post("/api/invitations", invitationTo(id, uniqueEmail()));
    const relationships = { organization: { data: { type: "organization", id } } };
    await guildhall.api.post("/api/roles", {
      data: { type: "role", attributes: { name: "own" }, relationships },
    });
    const list = (token: string) =>
      guildhall.api.as(token).get(`/api/${collection}?filter[organization]=${id}`);
    expect((await list(owner.token)).body.data.length).toBeGreaterThan(0);
    expect(await list(outsider.token)).toMatchObject({ status: 200, body: { data: [] } });
  },
);

describe("deleting an organization", () => {
  test("answers 202, and hides it and its invitations at once", async () => {
    const owner = await buildPerson(guildhall);
    const { id } = await buildOrganization(guildhall, owner);
    const api = guildhall.api.as(owner.token);
    const invited = await api.post("/api/invitations", invitationTo(id, uniqueEmail()));

    const deleted = await api.delete(`/api/organizations/${id}`);
    expect(deleted).toMatchObject({
      status: 202,
      body: {
        data: {
          type: "organization_deletion",
          attributes: {
            organization_id: id,
            state: "detaching",
            planned: { invitations: 1, memberships: 1, subscriptions: 0 },
          },
        },
      },
    });
    expect(deleted.headers.get("Location")).toBe(deleted.body.data.links.self);
    expect(await api.get(deleted.body.data.links.self)).toMatchObject({ status: 200 });

    for (const anyone of [api, guildhall.api]) {
      for (const path of [`/api/organizations/${id}`, `/api/invitations/${invited.body.data.id}`]) {
        expect(await anyone.get(path)).toMatchObject(refusal(404, "not_found"));
      }
      const again = await anyone.delete(`/api/organizations/${id}`);
      expect(again).toMatchObject({ status: 202, body: { data: { id: deleted.body.data.id } } });
    }
    expect(await api.get("/api/organizations")).toMatchObject({ status: 200, body: { data: [] } });
    expect(await api.get("/api/memberships")).toMatchObject({ status: 200, body: { data: [] } });
  });

  test("is hidden from other users", async () => {
    const owner = await buildPerson(guildhall);
    const { id } = await buildOrganization(guildhall, owner);
    const deleted = await guildhall.api.as(owner.token).delete(`/api/organizations/${id}`);
    const stranger = guildhall.api.as((await buildPerson(guildhall)).token);
    expect(await stranger.get(deleted.body.data.links.self)).toMatchObject({ status: 404 });
    expect(await stranger.get("/api/organization-deletions")).toMatchObject({ body: { data: [] } });
  });
});
