import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detachOrganizations } from "../jobs/detach-organizations.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { acceptInvitation } from "../src/invitations/accept-invitation.ts";
import { declineInvitation } from "../src/invitations/decline-invitation.ts";
import { expireInvitations } from "../src/invitations/expire-invitations.ts";
import { remindInvitees } from "../src/invitations/remind-invitees.ts";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import { deleteOrganization } from "../src/organizations/delete-organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invite,
  type Person,
  uniqueEmail,
} from "./support/builders.ts";
import { backends, type Guildhall, startGuildhall } from "./support/guildhall.ts";
import { buildRole } from "./support/roles.ts";

let guildhall: Guildhall;
const never = () => false;

describe.each(backends())("a deletion from request to receipt, queue on %s,", (backend) => {
  beforeAll(async () => {
    guildhall = await startGuildhall({ backend, worker: true });
  });
  afterAll(() => guildhall.stop());

  test("detaches what was shared, removes the rest and leaves a receipt", async () => {
    const { api, db } = guildhall;
    const { owner, organization } = await populated({ subscriptions: 12, invitations: 3, members: 2 });
    const before = await subscriptions({ user_id: owner.user.id });
    const deleted = await api.as(owner.token).delete(`/api/organizations/${organization.id}`);
    expect(deleted.status).toBe(202);
    const planned = { subscriptions: 12, invitations: 3, memberships: 3, roles: 0 };
    expect(deleted.body.data.attributes).toMatchObject({ organization_name: "Acme Corp", planned });

    const receipt = await completed(deleted.headers.get("Location") ?? "", owner);
    expect(receipt).toMatchObject({ organization_id: organization.id, done: planned });
    expect(await db("organizations").where({ id: organization.id })).toEqual([]);
    expect(await subscriptions({ user_id: owner.user.id, organization_id: null })).toEqual(before);
    expect(await events(organization)).toMatchObject({
      "organization.deletion_started": 1,
      "organization.deleted": 1,
      "invitation.revoked": 3,
    });
  });
});

describe("a deletion that has begun", () => {
  beforeAll(async () => {
    guildhall = await startGuildhall();
  });
  afterAll(() => guildhall.stop());

  test("has removed all access before any row is detached", async () => {
    const { api, context } = guildhall;
    const { owner, organization } = await populated({ subscriptions: 1 });
    const member = await buildMember(guildhall, organization, "admin");
    const id = (await invite(guildhall, organization, uniqueEmail())).body.data.id;
    const token = context.linkKeys.sign({ invitationId: id, tokenVersion: 1 });
    await begin(organization);

    for (const person of [owner, member]) {
      const as = api.as(person.token);
      for (const path of [
        `/api/organizations/${organization.id}`,
        `/api/memberships/${member.membership.id}`,
        `/api/organizations/${organization.id}/memberships`,
        `/api/organizations/${organization.id}/invitations`,
        `/api/invitations/${id}`,
        `/api/invitations/${id}/deliveries`,
      ]) {
        expect((await as.get(path)).status, path).toBe(404);
      }
      for (const collection of [
        "organizations",
        "memberships",
        "membership-roles",
        "invitations",
        "deliveries",
        "events",
      ])
        expect((await as.get(`/api/${collection}`)).body.data, collection).toEqual([]);
      for (const collection of ["memberships", "invitations", "roles"]) {
        const listed = await as.get(`/api/${collection}?filter[organization]=${organization.id}`);
        expect(listed.body.data, collection).toEqual([]);
      }
    }
    for (const path of [`/api/organizations/${organization.id}`, `/api/invitations/${id}`])
      expect((await api.get(path)).status, "for the operator too").toBe(404);
    for (const how of ["accept", "decline"]) {
      const answer = await api.as(null).post(`/api/invitations/${id}/${how}`, { meta: { token } });
      expect(answer.status).toBe(404);
    }
    const cookie = `${id}=${token}`;
    expect((await api.as(null).get(`/invitations/${id}`, { Cookie: cookie })).status).toBe(404);
  });

  test("ends pending invitations in every respect", async () => {
    const { api, db, context } = guildhall;
    const { owner, organization } = await populated({});
    const invitee = await buildPerson(guildhall);
    const { id } = (await invite(guildhall, organization, invitee.user.email)).body.data;
    await db("mail_deliveries")
      .where({ invitation_id: id })
      .update({ state: "sent", sent_at: db.raw("now() - interval '2 days 1 hour'"), due_at: null });
    const other = (await invite(guildhall, organization, uniqueEmail())).body.data.id;
    const role = await buildRole(guildhall, ["members:read"]);
    await invite(guildhall, organization, uniqueEmail(), { role_ids: [role] });
    await begin(organization);

    const path = `/api/invitations/${id}`;
    for (const speaker of [api, api.as(owner.token), api.as(invitee.token)]) {
      for (const action of ["accept", "decline", "revoke", "resend", "link"]) {
        const body =
          action === "accept" && speaker === api ? { meta: { user_id: invitee.user.id } } : undefined;
        expect([403, 404], action).toContain((await speaker.post(`${path}/${action}`, body)).status);
      }
    }
    const change = { data: { type: "invitation", id, attributes: { locale: "de" } } };
    expect((await api.patch(path, change)).status).toBe(404);
    expect((await api.as(invitee.token).get("/api/received-invitations")).body.data).toEqual([]);
    expect(await remindInvitees(db, never)).toBe(0);
    await guildhall.jobContext.deliveries.run();
    expect(await db("mail_deliveries").where({ invitation_id: other }).first("state", "reply")).toEqual({
      state: "suppressed",
      reply: "not sent: the organization is being deleted",
    });
    expect((await api.delete(`/api/roles/${role}`)).status, "a role that only they give").toBe(204);
    const proof = { by: "link", tokenVersion: 1 } as const;
    for (const command of [acceptInvitation, declineInvitation])
      await expect(command(context, { id }, proof, SYSTEM)).rejects.toMatchObject({ status: 404 });
  });

  test("revokes invitations later, by its user and request", async () => {
    const { owner, organization } = await populated({ invitations: 1_200 });
    const [overdue, answered] = [uniqueEmail(), uniqueEmail()];
    const made = [overdue, answered].map(
      async (email) => (await invite(guildhall, organization, email)).body,
    );
    const [one, two] = (await Promise.all(made)).map(({ data }) => data.id);
    const invitations = guildhall.db("invitations");
    await invitations.clone().where({ id: one }).update({ expires_at: "2020-01-01" });
    await guildhall.api.post(`/api/invitations/${two}/revoke`);
    const path = `/api/organizations/${organization.id}`;
    const { body, headers } = await guildhall.api.as(owner.token).delete(path);
    expect(await events(organization)).toMatchObject({ "invitation.revoked": 1 });

    await detachOrganization(guildhall.db, body.data.id, never);
    const revoked = guildhall
      .db("events")
      .where({ organization_id: organization.id, type: "invitation.revoked", actor_kind: "user" });
    expect(await revoked.clone().distinct("actor_user_id", "request_id")).toEqual([
      { actor_user_id: owner.user.id, request_id: headers.get("X-Request-Id") },
    ]);
    const subjects: string[] = await revoked.clone().pluck("subject_id");
    expect(new Set(subjects).size).toBe(1_200);
    expect(subjects).toHaveLength(1_200);
    expect(subjects).not.toContain(one);
    expect(subjects).not.toContain(two);
  });

  test("revokes invitations that would expire during it", async () => {
    const { db } = guildhall;
    const { organization } = await populated({ invitations: 2 });
    const { id } = await begin(organization);
    const soon = db.raw("clock_timestamp() + interval '20 ms'");
    await db("invitations").where({ organization_id: organization.id }).update({ expires_at: soon });
    await sleep(50);
    await expireInvitations(db, never);
    await detachOrganization(db, id, never);
    const { "invitation.revoked": revoked, "invitation.expired": expired } = await events(organization);
    expect({ revoked, expired }).toEqual({ revoked: 2, expired: undefined });
  });

  test("lets no invitation and no member in", async () => {
    const { api } = guildhall;
    const { organization } = await populated({});
    const { user } = await buildPerson(guildhall);
    await begin(organization);
    expect((await invite(guildhall, organization, uniqueEmail())).status).toBe(404);
    const relationships = {
      user: { data: { type: "user", id: user.id } },
      organization: { data: { type: "organization", id: organization.id } },
    };
    const document = { data: { type: "membership", attributes: {}, relationships } };
    expect((await api.post("/api/memberships", document)).status).toBe(404);
  });

  test("is returned when repeated, and a 404 once completed", async () => {
    const { organization } = await populated({});
    const first = await begin(organization);
    expect(await begin(organization)).toEqual(first);
    await detachOrganization(guildhall.db, first.id, never);
    await expect(begin(organization)).rejects.toMatchObject({ status: 404 });
    const { status } = await guildhall.api.delete(`/api/organizations/${organization.id}`);
    expect(status).toBe(404);
  });

  test("shows its progress only to the user who asked for it", async () => {
    const { api } = guildhall;
    const { owner, organization } = await populated({});
    const member = await buildMember(guildhall, organization, "member");
    const { headers } = await api.as(owner.token).delete(`/api/organizations/${organization.id}`);
    const location = headers.get("Location") ?? "";
    expect((await api.as(owner.token).get(location)).body.data.attributes.state).toBe("detaching");
    expect((await api.as(member.token).get(location)).status).toBe(404);
    expect((await api.get(location)).status).toBe(200);
  });
});

describe("detaching an organization", { timeout: 60_000 }, () => {
  const ROWS = 5_000;

  beforeAll(async () => {
    guildhall = await startGuildhall();
  });
  afterAll(() => guildhall.stop());

  test("stops between batches, and continues later", async () => {
    const { owner, organization } = await populated({ subscriptions: ROWS });
    const before = await subscriptions({ user_id: owner.user.id });
    const deletion = await begin(organization);
    let batches = 0;
    await detachOrganization(guildhall.db, deletion.id, () => batches++ >= 2);
    expect(await read(deletion.id)).toMatchObject({ state: "detaching", done: { subscriptions: 2_000 } });
    await detachOrganization(guildhall.db, deletion.id, never);
    expect(await read(deletion.id)).toMatchObject({ state: "completed", done: deletion.planned });
    expect(await subscriptions({ user_id: owner.user.id, organization_id: null })).toEqual(before);
  });

  test("loses nothing if connections keep being killed", async () => {
    const { owner, organization } = await populated({ subscriptions: ROWS, invitations: 1_500 });
    const before = await subscriptions({ user_id: owner.user.id });
    const deletion = await begin(organization);
    let kills = 0;
    for (let done = false; !done; ) {
      let running = true;
      const killing = sleep(Math.random() * 60).then(async () => {
        // Between two statements there is nothing to kill, so it tries again, a few times in all.
        for (let killed = 0; running && kills < 5; killed = await killDetaching())
          if (killed > 0) return killed;
        return 0;
      });
      done = await detachOrganization(guildhall.db, deletion.id, never).then(
        () => true,
        () => false,
      );
      running = false;
      kills += await killing;
    }
    expect(kills).toBeGreaterThan(0);
    expect(await read(deletion.id)).toMatchObject({ state: "completed", done: deletion.planned });
    expect(await subscriptions({ user_id: owner.user.id, organization_id: null })).toEqual(before);
    expect(await events(organization)).toMatchObject({
      "organization.deleted": 1,
      "invitation.revoked": 1_500,
    });
  });

  test("can be shared by three workers, once per row", async () => {
    const { owner, organization } = await populated({ subscriptions: ROWS, invitations: 2_500 });
    const before = await subscriptions({ user_id: owner.user.id });
    const deletion = await begin(organization);
    await Promise.all([1, 2, 3].map(() => detachOrganization(guildhall.db, deletion.id, never)));
    expect(await read(deletion.id)).toMatchObject({ state: "completed", done: deletion.planned });
    expect(await subscriptions({ user_id: owner.user.id, organization_id: null })).toEqual(before);
    expect(await events(organization)).toMatchObject({
      "organization.deleted": 1,
      "invitation.revoked": 2_500,
    });
  });

  test("leaves other organizations unchanged, byte for byte", async () => {
    const doomed = await populated({ subscriptions: 10, invitations: 2 });
    const other = await populated({ subscriptions: 10, invitations: 2, members: 2 });
    const where = { organization_id: other.organization.id };
    const tables = ["subscriptions", "invitations", "memberships"];
    const all = () => Promise.all(tables.map((table) => guildhall.db(table).where(where).orderBy("id")));
    const before = await all();
    await detachOrganization(guildhall.db, (await begin(doomed.organization)).id, never);
    expect(await all()).toEqual(before);
  });

  test("continues with others if one can't be finished", async () => {
    const stuck = await populated({});
    const { environment_id } = stuck.organization;
    // A role of the organization that a user holds in the whole environment: the database keeps it.
    const role = { id: newId("role"), environment_id, organization_id: stuck.organization.id, name: "guest" };
    await guildhall.db("roles").insert(role);
    await guildhall
      .db("user_roles")
      .insert({ id: newId("userrole"), environment_id, user_id: stuck.owner.user.id, role_id: role.id });
    const first = await begin(stuck.organization);
    const second = await begin((await populated({ subscriptions: 3 })).organization);
    await detachOrganizations.run(guildhall.jobContext, {}).catch(() => {});
    expect(await read(first.id)).toMatchObject({ state: "detaching" });
    expect(await read(second.id)).toMatchObject({ state: "completed" });
  });
});

/** An organization with rows by SQL, because the API would take minutes for thousands. */
async function populated({ subscriptions = 0, invitations = 0, members = 0 }) {
  const { db } = guildhall;
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner);
  const { environment_id, id } = organization;
  for (let member = 0; member < members; member += 1) await buildMember(guildhall, organization, "member");
  const shared = { environment_id, organization_id: id };
  const rows = <Row>(count: number, row: (n: number) => Row) =>
    Array.from({ length: count }, (_, n) => row(n));
  await db.batchInsert(
    "subscriptions",
    rows(subscriptions, (n) => ({
      ...shared,
      id: newId("sub"),
      user_id: owner.user.id,
      currency: "EUR",
      subtotal_cents: n,
    })),
  );
  await db.batchInsert(
    "invitations",
    rows(invitations, (n) => {
      const email = `invitee-${n}@example.com`;
      return { ...shared, id: newId("inv"), email, email_canonical: email, expires_at: "2099-01-01" };
    }),
  );
  return { owner, organization };
}

function begin({ id, environment_id }: Organization) {
  return deleteOrganization(guildhall.context, { id, environment_id }, SYSTEM);
}

function read(id: string) {
  return guildhall.db("organization_deletions").where({ id }).first();
}

/** Everything in subscriptions that a detachment may not change, as one text. */
async function subscriptions(where: object) {
  const { rows } = await guildhall.db.raw(
    "select count(*), sum(total_cents), md5(string_agg(id || user_id || total_cents || status, ',' order by id)) from (?) s",
    [guildhall.db("subscriptions").where(where)],
  );
  return rows;
}

async function events({ id }: Organization): Promise<Record<string, number>> {
  const counts = await guildhall
    .db("events")
    .where({ organization_id: id })
    .groupBy("type")
    .select("type")
    .count();
  return Object.fromEntries(counts.map(({ type, count }) => [type, Number(count)]));
}

async function completed(location: string, owner: Person) {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(20)) {
    const { attributes } = (await guildhall.api.as(owner.token).get(location)).body.data;
    if (attributes.state === "completed") return attributes;
  }
  throw new Error("not completed within 15 s");
}

/** @returns the number of connections killed in the middle of a batch. */
async function killDetaching(): Promise<number> {
  const { rows } = await guildhall.db.raw(
    `select count(pg_terminate_backend(pid)) as n from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' and query like '%organization_deletions%'`,
  );
  return Number(rows[0].n);
}
