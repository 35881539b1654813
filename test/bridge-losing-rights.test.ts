import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { beforeEach, describe, expect, test } from "vitest";
import type { SystemRoleName } from "../src/access/permissions.ts";
import type { Actor } from "../src/events/record-events.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import type { ApiAnswer } from "./support/api.ts";
import { buildPerson, roleId } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  bridgeRefusal,
  buildTeammates,
  NOT_ALLOWED,
  type Teammate,
  type Teammates,
} from "./support/teammates.ts";

/**
 * A request was let in and waits for the organization's lock, while the lock's holder takes away the right it came in
 * with. Once the request goes on, it is judged by the state at that time.
 */
const guildhall = useGuildhall();
let team: Teammates;
/** Somebody who isn't a member yet. */
let newcomer: string;

beforeEach(async () => {
  team = await buildTeammates(guildhall, { member_management: "owner_and_admins" });
  newcomer = (await buildPerson(guildhall)).user.email;
});

/** Sends the request, and makes the change while it waits for the organization. */
async function meanwhile(
  request: () => Promise<ApiAnswer>,
  change: (trx: Knex.Transaction) => Promise<unknown>,
): Promise<ApiAnswer> {
  const waiting = await guildhall.db.transaction(async (trx) => {
    await trx("organizations").where({ id: team.organization.id }).forUpdate().select("id");
    const answer = request();
    await untilSomebodyWaits();
    await change(trx);
    return [answer];
  });
  return waiting[0] as Promise<ApiAnswer>;
}

async function untilSomebodyWaits(): Promise<void> {
  const waiting =
    "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await guildhall.db.raw(waiting)).rowCount > 0) return;
    await sleep(10);
  }
  throw new Error("the request did not wait for the organization");
}

/** Replaces a member's role. */
const becomes =
  ({ memberId }: Teammate, role: SystemRoleName) =>
  async (trx: Knex.Transaction) => {
    const role_id = await roleId(guildhall, team.organization.environment_id, role);
    await trx("membership_roles").where({ membership_id: memberId }).update({ role_id });
  };

const handOn = ({ user }: Teammate) =>
  team.owner.api.post(`${team.path}/transfer-ownership`, { user_id: user.id });

/** Swaps the roles of the admin and the owner. */
async function handedOn(trx: Knex.Transaction): Promise<void> {
  const owner_user_id = team.admin.user.id;
  await trx("organizations").where({ id: team.organization.id }).update({ owner_user_id });
  await becomes(team.owner, "admin")(trx);
  await becomes(team.admin, "owner")(trx);
}

async function state() {
  const { db } = guildhall;
  const { id } = team.organization;
  const { name, member_management, deleting_at } = await db("organizations").where({ id }).first();
  const members = await db("memberships").where({ organization_id: id }).orderBy("id").pluck("id");
  return { name, member_management, deleting_at, members };
}

describe("an admin demoted during a request", () => {
  const requests: Array<[string, () => Promise<ApiAnswer>]> = [
    ["adds nobody", () => team.admin.api.post(`${team.path}/members`, { email: newcomer })],
    [
      "changes no role",
      () => team.admin.api.put(`${team.path}/members/${team.member.memberId}`, { role: "billing" }),
    ],
    ["removes nobody", () => team.admin.api.delete(`${team.path}/members/${team.member.memberId}`)],
    ["updates nothing", () => team.admin.api.put(team.path, { name: "Mine" })],
  ];
  test.each(requests)("%s", async (_, request) => {
    const before = await state();
    const answer = await meanwhile(request, becomes(team.admin, "member"));
    expect(answer).toMatchObject({ status: 403, body: { error: NOT_ALLOWED } });
    expect(await state()).toEqual(before);
    const role = await team.member.api.get(team.path);
    expect(role.body.data.your_role).toBe("member");
  });

  test("can still leave", async () => {
    const leave = () => team.admin.api.post(`${team.path}/leave`);
    expect((await meanwhile(leave, becomes(team.admin, "member"))).status).toBe(200);
  });
});

describe("an owner replaced during a request", () => {
  test("can't delete the organization any more", async () => {
    const answer = await meanwhile(() => team.owner.api.delete(team.path), handedOn);
    expect(answer).toMatchObject(bridgeRefusal(403, "forbidden", NOT_ALLOWED));
    expect((await team.admin.api.get(team.path)).body.data.your_role).toBe("owner");
  });

  test("can't set member_management any more", async () => {
    const { owner, path } = team;
    const before = await state();
    const closing = { name: "Mine", member_management: "owner" };
    const answer = await meanwhile(() => owner.api.put(path, closing), handedOn);
    expect(answer).toMatchObject(bridgeRefusal(403, "owner_only", NOT_ALLOWED));
    expect(await state()).toEqual(before);
    expect((await owner.api.put(path, { name: "Ours" })).status).toBe(200);
  });

  test("can't transfer it to a second person: 409", async () => {
    expect(await meanwhile(() => handOn(team.member), handedOn)).toMatchObject(
      bridgeRefusal(409, "owner_changed"),
    );
  });
});

describe("an organization deleted during a request", () => {
  const gone = async (trx: Knex.Transaction) => {
    const actor: Actor = { kind: "user", user_id: team.owner.user.id, request_id: null };
    const { id } = await deleteOrganization({ ...guildhall.context, db: trx }, team.organization, actor);
    await detachOrganization(trx, id, () => false);
  };

  test("by the same owner gives both the same answer", async () => {
    const { status, body } = await meanwhile(() => team.owner.api.delete(team.path), gone);
    const deletion = await team.owner.api.get(`${team.path}/deletion`);
    expect([status, body.data]).toEqual([200, deletion.body.data]);
  });

  const requests: Array<[string, () => Promise<ApiAnswer>]> = [
    ["joined", () => team.owner.api.post(`${team.path}/members`, { email: newcomer })],
    ["left", () => team.member.api.post(`${team.path}/leave`)],
    ["updated", () => team.owner.api.put(team.path, { name: "Mine" })],
    ["transferred", () => handOn(team.member)],
  ];
  test.each(requests)("can't be %s any more", async (_, request) => {
    const answer = await meanwhile(request, gone);
    expect([403, 404]).toContain(answer.status);
    expect(answer.body.success).toBe(false);
  });
});

describe("a member who becomes the owner during a request", () => {
  const requests: Array<[string, () => Promise<ApiAnswer>]> = [
    ["changed", () => team.owner.api.put(`${team.path}/members/${team.admin.memberId}`, { role: "member" })],
    ["removed", () => team.owner.api.delete(`${team.path}/members/${team.admin.memberId}`)],
  ];
  test.each(requests)("can't be %s by the former owner", async (_, request) => {
    expect((await meanwhile(request, handedOn)).status).toBe(400);
    expect((await team.admin.api.get(team.path)).body.data.your_role).toBe("owner");
  });

  test("can't leave", async () => {
    const answer = await meanwhile(() => team.admin.api.post(`${team.path}/leave`), handedOn);
    expect(answer).toMatchObject(bridgeRefusal(400, "owner_stays"));
    expect((await state()).members).toHaveLength(4);
  });
});

describe("a billing member demoted during a request", () => {
  test.each([
    ["/bridge-payment/payments/intents", { total_cents: 500 }, "payments"],
    ["/bridge-payment/customers", { email: "jane@example.com" }, "customers"],
    ["/bridge-payment/subscriptions", { total_cents: 500 }, "subscriptions"],
    [
      "/bridge-payment/payment-methods",
      { type: "card", card_token: "tok", is_default: true },
      "payment_methods",
    ],
    ["/bridge-payment/addresses", { country: "DE", line1: "Weg 1", city: "Köln" }, "addresses"],
  ])("creates nothing at %s", async (path, values, table) => {
    const { id: organization_id } = team.organization;
    const create = () => team.billing.api.post(path, { organization_id, ...values });
    const answer = await meanwhile(create, becomes(team.billing, "member"));
    expect(answer).toMatchObject(bridgeRefusal(403, "forbidden", NOT_ALLOWED));
    expect(await guildhall.db(table).where({ organization_id })).toEqual([]);
  });
});
