import { beforeAll, describe, expect, test } from "vitest";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  roleId,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: string;

beforeAll(async () => {
  owner = await roleId(guildhall, await buildEnvironment(guildhall), "owner");
});

const newOrganization = (attributes: object, relationships: object = {}) => ({
  data: { type: "organization", attributes: { name: unique("Acme"), ...attributes }, relationships },
});

async function create(attributes: object, api: Api = guildhall.api): Promise<string> {
  const { status, body } = await api.post("/api/organizations", newOrganization(attributes));
  expect(status, JSON.stringify(body)).toBe(201);
  expect(body.data.relationships.owner.data).toBeNull();
  return body.data.id;
}

const inviteOwner = (organization: string, email: string, api: Api = guildhall.api) =>
  api.post("/api/invitations", invitationTo(organization, email, { role_ids: [owner] }));

async function invitationsOf(organization: string) {
  const { body } = await guildhall.api.get(`/api/organizations/${organization}/invitations?page[size]=100`);
  return body.data as Array<{
    id: string;
    attributes: { email: string; status: string; role_ids: string[] };
  }>;
}

async function ownerOf(organization: string): Promise<string | null> {
  return (
    (await guildhall.api.get(`/api/organizations/${organization}`)).body.data.relationships.owner.data?.id ??
    null
  );
}

const accept = ({ token }: Person, id: string) =>
  guildhall.api.as(token).post(`/api/invitations/${id}/accept`, {});

/** An organization without an owner, and people who are invited to be its owner. */
async function buildCandidates(count: number) {
  const organization = await create({});
  const people = [];
  for (let number = 0; number < count; number += 1) {
    const person = await buildPerson(guildhall);
    const { status, body } = await inviteOwner(organization, person.user.email);
    expect(status, JSON.stringify(body)).toBe(201);
    people.push({ ...person, invitation: body.data.id as string });
  }
  return { organization, people };
}

describe("a future owner", () => {
  test("a new organization has no owner until the invited owner accepts", async () => {
    const email = uniqueEmail();
    const organization = await create({ owner_email: email });
    const [invitation] = await invitationsOf(organization);
    expect(invitation?.attributes).toMatchObject({ email, status: "pending", role_ids: [owner] });
    const { body } = await guildhall.api.post(`/api/invitations/${invitation?.id}/link`, {});
    const token = body.meta.link.split("/").at(-1);
    const accepted = await guildhall.api
      .as(null)
      .post(`/api/invitations/${invitation?.id}/accept`, { meta: { token } });
    expect(accepted.status).toBe(200);
    const user = await guildhall.db("users").where({ email }).first();
    expect(await ownerOf(organization)).toBe(user.id);
    const { rows } = await guildhall.db.raw("select name from permissions_in(?, ?) as name", [
      user.id,
      organization,
    ]);
    expect(rows).toContainEqual({ name: "organization:delete" });
    const events = await guildhall
      .db("events")
      .where({ organization_id: organization })
      .orderBy("id")
      .pluck("type");
    expect(events).toContain("organization.ownership_transferred");
  });

  test("an organization isn't created if its owner can't be invited", async () => {
    const name = unique("Acme");
    const taken = await guildhall.api.post(
      "/api/organizations",
      newOrganization({ name, owner_email: "no address" }),
    );
    expect(taken).toMatchObject(
      refusal(422, "invalid_attribute", { pointer: "/data/attributes/owner_email" }),
    );
    expect(await guildhall.db("organizations").where({ name }).first()).toBeUndefined();
  });

  test("an organization can't both name an owner and invite one: 422", async () => {
    const { user } = await buildPerson(guildhall);
    const document = newOrganization({ owner_email: uniqueEmail() }, { owner: linkTo("user", user.id) });
    expect(await guildhall.api.post("/api/organizations", document)).toMatchObject(
      refusal(422, "two_owners", { pointer: "/data/attributes/owner_email" }),
    );
  });

  test("only programs create an organization with an invited owner: 403 program_only", async () => {
    const { token } = await buildPerson(guildhall);
    const document = newOrganization({ owner_email: uniqueEmail() });
    const answer = await guildhall.api.as(token).post("/api/organizations", document);
    expect(answer).toMatchObject(refusal(403, "program_only", { pointer: "/data/attributes/owner_email" }));
  });

  test.each(["declined", "revoked", "expired"])(
    "an organization can invite its owner again once the invitation is %s",
    async (how) => {
      const { organization, people } = await buildCandidates(1);
      const [{ invitation, token, user } = { invitation: "", token: "", user: { email: "" } }] = people;
      if (how === "declined")
        await guildhall.api.as(token).post(`/api/invitations/${invitation}/decline`, {});
      if (how === "revoked") await guildhall.api.post(`/api/invitations/${invitation}/revoke`, {});
      if (how === "expired")
        await guildhall
          .db("invitations")
          .where({ id: invitation })
          .update({ expires_at: new Date(0) });
      expect((await invitationsOf(organization))[0]?.attributes.status).toBe(how);
      const again = await inviteOwner(organization, user.email);
      expect(again.status).toBe(201);
    },
  );

  test("a program resends the owner's invitation, a member can't: 403", async () => {
    const { organization, people } = await buildCandidates(1);
    const row = await guildhall.db("organizations").where({ id: organization }).first();
    const admin = await buildMember(guildhall, row, "admin");
    await guildhall
      .db("organizations")
      .where({ id: organization })
      .update({ member_management: "owner_and_admins" });
    const path = `/api/invitations/${people[0]?.invitation}/resend`;
    await guildhall.db("mail_deliveries").update({ created_at: new Date(Date.now() - 120_000) });
    expect(await guildhall.api.as(admin.token).post(path, {})).toMatchObject(
      refusal(403, "owner_not_grantable"),
    );
    const mine = await inviteOwner(organization, uniqueEmail(), guildhall.api.as(admin.token));
    expect(mine).toMatchObject(refusal(403, "owner_not_grantable"));
    expect((await guildhall.api.post(path, {})).status).toBe(200);
  });
});

describe("several invited owners", () => {
  test("one of several invited owners becomes it; other invitations are revoked", async () => {
    const { organization, people } = await buildCandidates(10);
    const answers = await Promise.all(people.map((person) => accept(person, person.invitation)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(9);
    const winner = people[statuses.indexOf(200)];
    expect(await ownerOf(organization)).toBe(winner?.user.id);
    const rows = (await invitationsOf(organization)).map(({ attributes }) => attributes.status).sort();
    expect(rows).toEqual(["accepted", ...Array.from({ length: 9 }, () => "revoked")]);
    const members = await guildhall.db("memberships").where({ organization_id: organization });
    expect(members).toHaveLength(1);
  });

  test("no invited owner becomes it once a program transferred the ownership", async () => {
    const { organization, people } = await buildCandidates(1);
    const row = await guildhall.db("organizations").where({ id: organization }).first();
    const { user } = await buildMember(guildhall, row, "member");
    const transfer = { meta: { user_id: user.id } };
    const done = await guildhall.api.post(`/api/organizations/${organization}/transfer-ownership`, transfer);
    expect(done.status).toBe(200);
    const [{ invitation, ...person } = { invitation: "" } as never] = people;
    expect(await accept(person as Person, invitation)).toMatchObject(refusal(409, "invitation_revoked"));
    expect(await ownerOf(organization)).toBe(user.id);
  });
});

test("nobody can be invited as the second owner of an organization: 403", async () => {
  const founder = await buildPerson(guildhall);
  const { id } = await buildOrganization(guildhall, founder);
  for (const api of [guildhall.api, guildhall.api.as(founder.token)])
    expect(await inviteOwner(id, uniqueEmail(), api)).toMatchObject(refusal(403, "owner_not_grantable"));
});

describe("a client with organizations:write", () => {
  test.each([
    ["names an owner", "memberships:write"],
    ["transfers the ownership", "memberships:write"],
    ["invites an owner", "invitations:write"],
  ] as const)("a client with organizations:write %s only with %s, too", async (what, scope) => {
    const person = await buildPerson(guildhall);
    const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
    const { user } = await buildMember(guildhall, organization, "member");
    const act = async (scopes: string[]) => {
      const api = bearing(guildhall, await accessToken(guildhall, await buildClient(guildhall, scopes)));
      if (what === "transfers the ownership")
        return api.post(`/api/organizations/${organization.id}/transfer-ownership`, {
          meta: { user_id: user.id },
        });
      const document =
        what === "names an owner"
          ? newOrganization({}, { owner: linkTo("user", person.user.id) })
          : newOrganization({ owner_email: uniqueEmail() });
      return api.post("/api/organizations", document);
    };
    expect(await act(["organizations:write"])).toMatchObject(refusal(403, "scope_missing"));
    expect((await act(["organizations:write", scope])).status).toBeLessThan(300);
  });
});

describe("member_management of a new organization", () => {
  test("member_management defaults to the environment's in both APIs", async () => {
    const id = await buildEnvironment(guildhall);
    const set = (member_management: string | null) =>
      guildhall.api.patch(`/api/environments/${id}`, {
        data: { type: "environment", id, attributes: { settings: { member_management } } },
      });
    const { token } = await buildPerson(guildhall);
    const api = guildhall.api.as(token);
    const made = async (attributes: object = {}) =>
      (await api.post("/api/organizations", newOrganization(attributes))).body.data.attributes
        .member_management;
    expect(await made()).toBe("owner");
    expect((await set("owner_and_admins")).status).toBe(200);
    expect(await made()).toBe("owner_and_admins");
    expect(await made({ member_management: "owner" })).toBe("owner");
    const bridge = await api.post("/bridge-payment/organizations", { name: unique("Acme") });
    expect(bridge.body).toMatchObject({ data: { member_management: "owner_and_admins" } });
    await set(null);
    expect(await made()).toBe("owner");
  });
});
