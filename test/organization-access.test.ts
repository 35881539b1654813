import { describe, expect, test } from "vitest";
import { buildOrganization, buildPerson, invitationTo, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

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
});
