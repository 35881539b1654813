import { beforeAll, describe, expect, test } from "vitest";
import { SYSTEM } from "../src/events/record-events.ts";
import type { Organization } from "../src/models/organization.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  type Person,
  roleId,
  unique,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { answerByLink, expiresIn, invited, letCoolDown, linkToken } from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeAll(async () => {
  owner = await buildPerson(guildhall, { first_name: "Ada", last_name: "Lovelace" });
  organization = await buildOrganization(guildhall, owner);
});

const LIST = "/api/received-invitations";
const as = ({ token }: Person) => guildhall.api.as(token);
const idsIn = (answer: { body: { data: Array<{ id: string }> } }) => answer.body.data.map(({ id }) => id);
const received = async (person: Person, query = "") => idsIn(await as(person).get(LIST + query));
const inviteThem = (person: Person, options: Parameters<typeof invited>[2] = {}, to = organization) =>
  invited(guildhall, to, { email: person.user.email, ...options });

describe("received invitations", () => {
  test("received invitations show what the email shows, and no more", async () => {
    const invitee = await buildPerson(guildhall);
    const role_ids = await Promise.all(
      (["admin", "billing"] as const).map((name) => roleId(guildhall, organization.environment_id, name)),
    );
    const by = as(owner);
    const metadata = { secret: "of the organization" };
    const { id } = await inviteThem(invitee, { by, role_ids, message: "Come!", metadata });
    const { status, body } = await as(invitee).get(`${LIST}/${id}`);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      type: "received_invitation",
      id,
      attributes: {
        email: invitee.user.email,
        organization_name: "Acme Corp",
        inviter_name: "Ada Lovelace",
        role_names: ["admin", "billing"],
        message: "Come!",
        status: "pending",
        expires_at: expect.any(String),
        accepted_at: null,
        declined_at: null,
        revoked_at: null,
        expired_at: null,
        created_at: expect.any(String),
      },
      relationships: {},
      links: { self: `${LIST}/${id}` },
    });
    const text = JSON.stringify((await as(invitee).get(LIST)).body);
    for (const secret of [
      linkToken(guildhall, id),
      organization.id,
      owner.user.id,
      owner.user.email,
      "secret",
    ])
      expect(text).not.toContain(secret);
  });

  test("a received invitation without a named inviter has no inviter's name", async () => {
    const [invitee, nameless] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    const theirs = await buildOrganization(guildhall, nameless);
    await inviteThem(invitee);
    await inviteThem(invitee, { by: as(nameless) }, theirs);
    const { body } = await as(invitee).get(LIST);
    const names = body.data.map(
      (row: { attributes: { inviter_name: unknown } }) => row.attributes.inviter_name,
    );
    expect(names).toEqual([null, null]);
  });

  test("received invitations come from every organization, for the caller alone", async () => {
    const [invitee, other] = [await buildPerson(guildhall), await buildPerson(guildhall)];
    const elsewhere = await buildOrganization(guildhall, owner);
    const mine = [await inviteThem(invitee), await inviteThem(invitee, {}, elsewhere)].map(({ id }) => id);
    const { id: foreign } = await inviteThem(other);
    expect((await received(invitee)).sort()).toEqual(mine.sort());
    for (const person of [invitee, owner, await buildMember(guildhall, organization, "admin")]) {
      expect(await received(person)).not.toContain(foreign);
      expect(await as(person).get(`${LIST}/${foreign}`)).toMatchObject(refusal(404, "not_found"));
    }
  });

  test("received invitations are found in any spelling of the address", async () => {
    const invitee = await buildPerson(guildhall);
    const { id } = await inviteThem(invitee, { email: invitee.user.email.toUpperCase() });
    expect(await received(invitee)).toEqual([id]);
  });

  test("a user with an unverified address has no received invitations", async () => {
    const squatter = await buildPerson(guildhall, { email_verified: false });
    const { id } = await inviteThem(squatter);
    expect(await received(squatter)).toEqual([]);
    expect((await as(squatter).get(`${LIST}/${id}`)).status).toBe(404);
    const document = { data: { type: "user", id: squatter.user.id, attributes: { email_verified: true } } };
    expect((await guildhall.api.patch(`/api/users/${squatter.user.id}`, document)).status).toBe(200);
    expect(await received(squatter)).toEqual([id]);
  });

  test("received invitations stay in their environment", async () => {
    const invitee = await buildPerson(guildhall);
    const namesake = await buildPerson(guildhall, { email: invitee.user.email, environment: "globex" });
    const { id } = await inviteThem(invitee);
    const api = as(namesake).in("globex");
    expect((await api.get(LIST)).body.data).toEqual([]);
    expect((await api.get(`${LIST}/${id}`)).status).toBe(404);
    expect((await as(namesake).get(LIST)).status).toBe(401);
  });

  test("received invitations of an organization being deleted are gone", async () => {
    const invitee = await buildPerson(guildhall);
    const doomed = await buildOrganization(guildhall, owner);
    const { id } = await inviteThem(invitee, {}, doomed);
    await deleteOrganization(guildhall.context, doomed, SYSTEM);
    expect(await received(invitee)).toEqual([]);
    expect((await as(invitee).get(`${LIST}/${id}`)).status).toBe(404);
  });

  test("received invitations are paged and sorted", async () => {
    const invitee = await buildPerson(guildhall);
    const ids = [];
    for (let n = 0; n < 3; n += 1) {
      const to = await buildOrganization(guildhall, owner, { name: unique("Org") });
      ids.push((await inviteThem(invitee, {}, to)).id);
    }
    const first = await as(invitee).get(`${LIST}?sort=-created_at&page[size]=2`);
    expect(idsIn(first)).toEqual([ids[2], ids[1]]);
    const { next } = first.body.links;
    expect(idsIn(await as(invitee).get(next))).toEqual([ids[0]]);
  });
});

describe("received invitations by status", () => {
  test("received invitations are filtered by their current status", async () => {
    const invitee = await buildPerson(guildhall);
    const states = ["pending", "accepted", "declined", "revoked", "expired"] as const;
    const ids: Record<string, string> = {};
    for (const state of states) {
      const to = await buildOrganization(guildhall, owner);
      const invitation = await inviteThem(invitee, {}, to);
      ids[state] = invitation.id;
      if (state === "accepted" || state === "declined")
        await answerByLink(guildhall, invitation, state === "accepted" ? "accept" : "decline");
      if (state === "revoked") await guildhall.api.post(`${invitation.path}/revoke`);
      // No sweep has recorded it.
      if (state === "expired") await expiresIn(guildhall, invitation.id, -1);
    }
    for (const state of states)
      expect(await received(invitee, `?filter[status]=${state}`)).toEqual([ids[state]]);
    expect(await as(invitee).get(`${LIST}?filter[status]=open`)).toMatchObject({ status: 400 });
    expect(await as(invitee).get(`${LIST}?filter[organization]=${organization.id}`)).toMatchObject({
      status: 400,
    });
  });
});

describe("answering a received invitation", () => {
  test.each([
    ["accept", "accepted"],
    ["decline", "declined"],
  ])("a received invitation is answered by its id: %s", async (how, state) => {
    const invitee = await buildPerson(guildhall);
    await inviteThem(invitee);
    const [id] = await received(invitee, "?filter[status]=pending");
    expect((await as(invitee).post(`/api/invitations/${id}/${how}`)).status).toBe(200);
    const { attributes } = (await as(invitee).get(`${LIST}/${id}`)).body.data;
    expect(attributes).toMatchObject({ status: state, [`${state}_at`]: expect.any(String) });
    const joined = await guildhall.db("memberships").where({ user_id: invitee.user.id });
    expect(joined).toHaveLength(how === "accept" ? 1 : 0);
  });

  test("a signed-in invitee can still answer after a resend", async () => {
    const invitee = await buildPerson(guildhall);
    const invitation = await inviteThem(invitee);
    await letCoolDown(guildhall, invitation.id);
    await guildhall.api.post(`${invitation.path}/resend`);
    expect(await received(invitee)).toEqual([invitation.id]);
    expect((await as(invitee).post(`${invitation.path}/accept`)).status).toBe(200);
  });
});
