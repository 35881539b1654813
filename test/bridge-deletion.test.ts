import { beforeEach, describe, expect, test } from "vitest";
import { detachOrganizations } from "../jobs/detach-organizations.ts";
import { buildPerson, invitationTo, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { answerByLink } from "./support/invitations.ts";
import { giveInEnvironment } from "./support/roles.ts";
import { bridgeRefusal, buildTeammates, NOT_ALLOWED, type Teammates } from "./support/teammates.ts";

const guildhall = useGuildhall();
let team: Teammates;
/** The path of an address that the billing member made for the organization. */
let address: string;

const TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/);

beforeEach(async () => {
  team = await buildTeammates(guildhall);
  const { id: organization_id } = team.organization;
  const { billing, owner } = team;
  const place = { organization_id, country: "DE", line1: "Weg 1", city: "Köln", is_default: true };
  const { body } = await billing.api.post("/bridge-payment/addresses", place);
  address = `/bridge-payment/addresses/${body.data.id}`;
  await owner.api.post("/bridge-payment/payments/intents", { organization_id, total_cents: 500 });
  await owner.api.post("/api/invitations", invitationTo(organization_id, uniqueEmail()));
});

const PLANNED = {
  subscriptions: 0,
  payments: 1,
  payment_methods: 0,
  addresses: 1,
  customers: 0,
  invitations: 1,
  memberships: 4,
  roles: 0,
  invitation_batches: 0,
};

const workOff = () => detachOrganizations.run(guildhall.jobContext, {});

test("the preview counts what a deletion would detach and remove, without doing it", async () => {
  const { owner, organization, path } = team;
  const state = async () => {
    const { db } = guildhall;
    const { id } = organization;
    const tables = ["payments", "addresses", "invitations", "memberships", "events"];
    const rows = tables.map((table) => db(table).where({ organization_id: id }).orderBy("id"));
    return [await db("organizations").where({ id }), ...(await Promise.all(rows))];
  };
  const before = await state();
  const data = { organization_id: organization.id, planned: PLANNED };
  for (let twice = 0; twice < 2; twice += 1)
    expect(await owner.api.post(`${path}/deletion-preview`)).toMatchObject({ status: 200, body: { data } });
  expect(await state()).toEqual(before);
});

describe("deleting an organization", () => {
  test("answers with the deletion as it begins", async () => {
    const { owner, organization, path } = team;
    const { status, body } = await owner.api.delete(path);
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^del_/),
        organization_id: organization.id,
        organization_name: "Acme Corp",
        state: "detaching",
        planned: PLANNED,
        done: {},
        created_at: TIME,
        updated_at: TIME,
        completed_at: null,
      },
      message: "Organization deleted successfully",
    });
  });

  test("again, even when completed, returns the same deletion", async () => {
    const { owner, organization, path } = team;
    const first = await owner.api.delete(path);
    const second = await owner.api.delete(path);
    expect(second).toMatchObject({ status: 200, body: first.body });
    await workOff();
    const third = await owner.api.delete(path);
    const { id } = first.body.data;
    expect(third).toMatchObject({ status: 200, body: { data: { id, state: "completed" } } });
    const { id: organization_id } = organization;
    expect(await guildhall.db("organization_deletions").where({ organization_id })).toHaveLength(1);
  });

  test("is open to an environment role with the permission", async () => {
    const { outsider, path } = team;
    await giveInEnvironment(guildhall, outsider.user, ["organization:delete"]);
    expect((await outsider.api.delete(path)).status).toBe(200);
    expect((await outsider.api.get(`${path}/deletion`)).status).toBe(200);
  });
});

describe("a deletion's progress", () => {
  test("is shown to the user who asked for it, up to the receipt", async () => {
    const { owner, path } = team;
    const { body: begun } = await owner.api.delete(path);
    const { message: _, ...progress } = begun;
    expect(await owner.api.get(`${path}/deletion`)).toMatchObject({ status: 200, body: progress });
    await workOff();
    const { status, body } = await owner.api.get(`${path}/deletion`);
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      data: {
        ...begun.data,
        state: "completed",
        done: PLANNED,
        updated_at: TIME,
        completed_at: TIME,
      },
    });
  });

  test("looks to everyone else as if there were no deletion", async () => {
    const { owner, admin, outsider, path } = team;
    const unknown = "/bridge-payment/organizations/org_01h2xcejqtf2nbrexx3vqjhp41/deletion";
    const refused = bridgeRefusal(403, "forbidden", NOT_ALLOWED);
    expect(await owner.api.get(`${path}/deletion`)).toMatchObject(refused);
    await owner.api.delete(path);
    for (const finish of [async () => {}, workOff]) {
      await finish();
      for (const { api } of [admin, outsider]) {
        expect(await api.get(`${path}/deletion`)).toMatchObject(refused);
        expect(await api.delete(path)).toMatchObject(refused);
      }
      expect(await owner.api.get(unknown)).toMatchObject(refused);
    }
  });
});

describe("an organization being deleted", () => {
  beforeEach(async () => {
    await team.owner.api.delete(team.path);
  });

  test("is hidden from all members before rows are detached", async () => {
    const { owner, admin, billing, member, path, organization } = team;
    const { user } = await buildPerson(guildhall);
    for (const { api, memberId } of [owner, admin, billing, member]) {
      const answers = [
        await api.get(path),
        await api.put(path, { name: "New" }),
        await api.get(`${path}/members`),
        await api.post(`${path}/members`, { email: user.email }),
        await api.put(`${path}/members/${memberId}`, { role: "admin" }),
        await api.delete(`${path}/members/${memberId}`),
        await api.post(`${path}/leave`),
        await api.post(`${path}/transfer-ownership`, { user_id: member.user.id }),
        await api.post(`${path}/deletion-preview`),
        await api.get(`/bridge-payment/addresses?organization_id=${organization.id}`),
        await api.post("/bridge-payment/customers", {
          organization_id: organization.id,
          email: uniqueEmail(),
        }),
      ];
      for (const answer of answers)
        expect(answer).toMatchObject(bridgeRefusal(403, "forbidden", NOT_ALLOWED));
      expect((await api.get("/bridge-payment/organizations")).body.meta.pagination.total).toBe(0);
    }
  });

  test("has given its resources back to their creators", async () => {
    const { owner, billing } = team;
    expect((await owner.api.get(address)).status).toBe(404);
    expect((await billing.api.get(address)).body.data.organization_id).toBeNull();
    expect((await billing.api.get("/bridge-payment/addresses")).body.data).toHaveLength(1);
  });

  test("has no invitation that can be seen or answered", async () => {
    const invitations = guildhall.db("invitations").where({ organization_id: team.organization.id });
    const ids: string[] = await invitations.pluck("id");
    expect(ids).toHaveLength(1);
    const { body } = await guildhall.api.get(`/api/invitations?filter[organization]=${team.organization.id}`);
    expect(body.data).toEqual([]);
    for (const id of ids) expect((await answerByLink(guildhall, { id }, "accept")).status).toBe(404);
  });
});
