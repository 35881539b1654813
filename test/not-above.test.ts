import { beforeAll, describe, expect, test } from "vitest";
import { buildProgram } from "./support/access-tokens.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  type Person,
  roleId,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";
import { addPermission, buildRole, giveInEnvironment, rolePermission, userRole } from "./support/roles.ts";

/** A support team's permissions: everything about people, and nothing about organizations. */
const MANAGING = ["users:read", "users:manage", "sessions:read", "sessions:manage"];

const above = refusal(403, "user_exceeds_own");

const guildhall = useGuildhall();
let manager: Person & { api: Api };

beforeAll(async () => {
  manager = await buildManager();
});

async function buildManager(...more: string[]): Promise<Person & { api: Api }> {
  const person = await buildPerson(guildhall);
  await giveInEnvironment(guildhall, person.user, [...MANAGING, ...more]);
  return { ...person, api: guildhall.api.as(person.token) };
}

const sessionFor = ({ user }: Person) => ({
  data: { type: "session", relationships: { user: linkTo("user", user.id) } },
});
const change = ({ user }: Person, attributes: object) => ({
  data: { type: "user", id: user.id, attributes },
});
const pathOf = ({ user }: Person) => `/api/users/${user.id}`;

async function sessionOf({ user }: Person) {
  return guildhall.db("sessions").where({ user_id: user.id }).first();
}

describe("a superior in the environment", () => {
  let superior: Person & { given: string };

  beforeAll(async () => {
    const person = await buildPerson(guildhall);
    const given = await giveInEnvironment(guildhall, person.user, [...MANAGING, "roles:manage"]);
    superior = { ...person, given };
  });

  const attempts: Record<string, (api: Api) => Promise<ApiAnswer>> = {
    "impersonated by a new session": (api) => api.post("/api/sessions", sessionFor(superior)),
    "kept signed in": async (api) =>
      api.patch(`/api/sessions/${(await sessionOf(superior)).id}/touch`, undefined),
    "signed out": async (api) =>
      api.patch(`/api/sessions/${(await sessionOf(superior)).id}/revoke`, undefined),
    "deprived of a session": async (api) => api.delete(`/api/sessions/${(await sessionOf(superior)).id}`),
    renamed: (api) => api.patch(pathOf(superior), change(superior, { first_name: "Eve" })),
    "given another address": (api) => api.patch(pathOf(superior), change(superior, { email: uniqueEmail() })),
    deleted: (api) => api.delete(pathOf(superior)),
    "given a role": async (api) =>
      api.post("/api/user-roles", userRole(superior.user.id, await buildRole(guildhall, ["users:read"]))),
    "deprived of a role": (api) => api.delete(`/api/user-roles/${superior.given}`),
  };

  test.each(Object.entries(attempts))("a superior can't be %s: 403 user_exceeds_own", async (_, attempt) => {
    const rows = () =>
      Promise.all(
        ["users", "sessions", "user_roles"].map((table) =>
          guildhall
            .db(table)
            .where(table === "users" ? { id: superior.user.id } : { user_id: superior.user.id }),
        ),
      );
    const before = await rows();
    expect(await attempt(manager.api)).toMatchObject(above);
    expect(await rows()).toEqual(before);
  });

  test("can be managed by an equal and by a program", async () => {
    const equal = await buildManager("roles:manage");
    const program = await buildProgram(guildhall, "sessions:write");
    for (const api of [equal.api, program])
      expect((await api.post("/api/sessions", sessionFor(superior))).status).toBe(201);
  });
});

describe("a superior in an organization", () => {
  async function buildBilling() {
    const owner = await buildPerson(guildhall);
    const organization = await buildOrganization(guildhall, owner);
    return { owner, organization, billing: await buildMember(guildhall, organization, "billing") };
  }

  test("a superior gets no session or address from a caller with less", async () => {
    const { billing } = await buildBilling();
    expect(await manager.api.post("/api/sessions", sessionFor(billing))).toMatchObject(above);
    for (const attributes of [{ email: uniqueEmail() }, { email_verified: false }])
      expect(await manager.api.patch(pathOf(billing), change(billing, attributes))).toMatchObject(above);
  });

  test("can still be renamed, signed out and deleted", async () => {
    const { billing } = await buildBilling();
    const { id } = await sessionOf(billing);
    const renamed = { first_name: "Ada", email: billing.user.email };
    expect((await manager.api.patch(pathOf(billing), change(billing, renamed))).status).toBe(200);
    expect((await manager.api.patch(`/api/sessions/${id}/revoke`)).status).toBe(200);
    expect((await manager.api.delete(pathOf(billing))).status).toBe(204);
  });

  test("is none to a caller with equal permissions there", async () => {
    const { billing, organization } = await buildBilling();
    const fellow = await buildMember(guildhall, organization, "billing");
    await giveInEnvironment(guildhall, fellow.user, MANAGING);
    const staff = await buildManager();
    const role = await roleId(guildhall, staff.user.environment_id, "billing");
    await guildhall.api.post("/api/user-roles", userRole(staff.user.id, role));
    for (const { token } of [fellow, staff])
      expect((await guildhall.api.as(token).post("/api/sessions", sessionFor(billing))).status).toBe(201);
  });

  test("an owner's account is managed only by programs and the owner", async () => {
    const { owner } = await buildBilling();
    const staff = await buildManager();
    const permissions = await guildhall
      .db("permissions")
      .where({ environment_id: staff.user.environment_id })
      .pluck("name");
    await giveInEnvironment(guildhall, staff.user, permissions);
    expect(await staff.api.post("/api/sessions", sessionFor(owner))).toMatchObject(above);
    await giveInEnvironment(guildhall, owner.user, MANAGING);
    for (const api of [guildhall.api, guildhall.api.as(owner.token)])
      expect((await api.post("/api/sessions", sessionFor(owner))).status).toBe(201);
  });
});

describe("a session that a manager started", () => {
  async function buildStarted() {
    const [staff, person] = [await buildManager(), await buildPerson(guildhall)];
    const { body } = await staff.api.post("/api/sessions", sessionFor(person));
    const api = guildhall.api.as(body.meta.token);
    expect((await api.get(pathOf(person))).status).toBe(200);
    return { staff, person, asThem: async () => (await api.get(pathOf(person))).status };
  }

  const gains: Record<string, (person: Person) => Promise<unknown>> = {
    "becomes an owner": (person) => buildOrganization(guildhall, person),
    "gains a role in an organization": async ({ user }) => {
      const organization = await buildOrganization(guildhall, await buildPerson(guildhall));
      const relationships = {
        user: linkTo("user", user.id),
        organization: linkTo("organization", organization.id),
      };
      return guildhall.api.post("/api/memberships", { data: { type: "membership", relationships } });
    },
    "gains a role in the environment": ({ user }) => giveInEnvironment(guildhall, user, ["roles:manage"]),
  };

  test.each(Object.entries(gains))(
    "a manager's session for a user ends once that user %s",
    async (_, gain) => {
      const { person, asThem } = await buildStarted();
      await gain(person);
      expect(await asThem()).toBe(401);
      expect((await guildhall.api.as(person.token).get(pathOf(person))).status).toBe(200);
    },
  );

  test("a session started by a manager starts none that lasts longer", async () => {
    const [staff, person] = [await buildManager(), await buildManager()];
    const first = await staff.api.post("/api/sessions", sessionFor(person));
    const second = await guildhall.api.as(first.body.meta.token).post("/api/sessions", sessionFor(person));
    const api = guildhall.api.as(second.body.meta.token);
    expect((await api.get(pathOf(person))).status).toBe(200);
    await buildOrganization(guildhall, person);
    expect((await api.get(pathOf(person))).status).toBe(401);
  });

  test("ends once the manager may start none or is deleted", async () => {
    const [taken, deleted] = [await buildStarted(), await buildStarted()];
    await guildhall.db("user_roles").where({ user_id: taken.staff.user.id }).delete();
    expect((await guildhall.api.delete(pathOf(deleted.staff))).status).toBe(204);
    expect([await taken.asThem(), await deleted.asThem()]).toEqual([401, 401]);
  });
});

describe("email_verified", () => {
  const pointer = "/data/attributes/email_verified";
  const newUser = (attributes: object) => ({
    data: { type: "user", attributes: { email: uniqueEmail(), ...attributes } },
  });

  test("is set by programs", async () => {
    const person = await buildPerson(guildhall, { email_verified: false });
    const program = await buildProgram(guildhall, "users:write");
    for (const api of [program, guildhall.api]) {
      const created = await api.post("/api/users", newUser({ email_verified: true }));
      expect(created.body.data.attributes.email_verified).toBe(true);
      const changed = await api.patch(pathOf(person), change(person, { email_verified: true }));
      expect(changed.body.data.attributes.email_verified).toBe(true);
    }
  });

  test("no user sets email_verified, for others or themselves: 403 program_only", async () => {
    const person = await buildPerson(guildhall, { email_verified: false });
    const vouched = { email_verified: true };
    const answers = [
      await manager.api.post("/api/users", newUser(vouched)),
      await manager.api.patch(pathOf(person), change(person, vouched)),
      await manager.api.patch(pathOf(person), change(person, { ...vouched, email: uniqueEmail() })),
      await manager.api.patch(pathOf(manager), change(manager, vouched)),
    ];
    for (const answer of answers) expect(answer).toMatchObject(refusal(403, "program_only", { pointer }));
    expect((await manager.api.post("/api/users", newUser({ email_verified: false }))).status).toBe(201);
  });
});

test("nobody changes an environment role that exceeds their own permissions", async () => {
  const { user, token } = await buildPerson(guildhall);
  await giveInEnvironment(guildhall, user, ["roles:manage", "members:read"]);
  const api = guildhall.api.as(token);
  const [beyond, within] = [await buildRole(guildhall, ["events:read"]), await buildRole(guildhall, [])];
  const shared = await addPermission(guildhall.api, beyond, "members:read");
  const own = await addPermission(guildhall.api, within, "members:read");
  expect(await api.delete(`/api/role-permissions/${shared}`)).toMatchObject(refusal(403, "role_exceeds_own"));
  const renamed = { data: { type: "role", id: beyond, attributes: { name: "renamed" } } };
  expect(await api.patch(`/api/roles/${beyond}`, renamed)).toMatchObject(refusal(403, "role_exceeds_own"));
  expect(await api.delete(`/api/roles/${beyond}`)).toMatchObject(refusal(403, "role_exceeds_own"));
  expect(await guildhall.db("role_permissions").where({ id: shared })).toHaveLength(1);
  expect((await api.delete(`/api/role-permissions/${own}`)).status).toBe(204);
});

describe("a permission that is lost during its use", () => {
  const uses: Record<string, (api: Api, target: Person) => Promise<ApiAnswer>> = {
    "starting a session": (api, target) => api.post("/api/sessions", sessionFor(target)),
    "ending a session": async (api, target) => api.delete(`/api/sessions/${(await sessionOf(target)).id}`),
    "changing a user": (api, target) => api.patch(pathOf(target), change(target, { first_name: "Eve" })),
    "deleting a user": (api, target) => api.delete(pathOf(target)),
    "giving a role": async (api, target) =>
      api.post("/api/user-roles", userRole(target.user.id, await buildRole(guildhall, []))),
    "adding a permission to a role": async (api) => {
      const { body } = await guildhall.api.get("/api/permissions?filter[name]=users:read");
      return api.post(
        "/api/role-permissions",
        rolePermission(await buildRole(guildhall, []), body.data[0].id),
      );
    },
  };

  test.each(Object.entries(uses))(
    "%s without the permission is refused under the lock: 403",
    async (_, use) => {
      const [staff, target] = [await buildManager("roles:manage"), await buildPerson(guildhall)];
      const environment = await buildEnvironment(guildhall);
      const underWay: Array<Promise<ApiAnswer>> = [];
      await guildhall.db.transaction(async (trx) => {
        await trx.raw("select pg_advisory_xact_lock(rights_lock(?))", [environment]);
        await trx("user_roles").where({ user_id: staff.user.id }).delete();
        underWay.push(use(staff.api, target));
        await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
      });
      expect((await Promise.all(underWay))[0]).toMatchObject(refusal(403, "forbidden"));
    },
  );

  async function waiting(): Promise<number> {
    const { rows } = await guildhall.db.raw(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows[0].n;
  }
});
