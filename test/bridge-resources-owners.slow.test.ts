import { beforeEach, describe, expect, test } from "vitest";
import { Membership } from "../src/models/membership.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import { buildTeam, create, idsOf, KINDS, type Kind, no, type Team } from "./support/bridge-team.ts";
import { buildOrganization, buildPerson, type Person } from "./support/builders.ts";
import { checksum } from "./support/checksum.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let team: Team;
let organization_id: string;

beforeEach(async () => {
  team = await buildTeam(guildhall);
  organization_id = team.organization.id;
});

const as = ({ token }: Person): Api => guildhall.api.as(token);

/** Customers need the permissions of payments. */
const permission = ({ path }: Kind) =>
  path.endsWith("customers") ? "payments" : path.split("/")[2]?.replace("-", "_");

/** A member whose only role has these permissions. */
async function buildMemberWith(permissions: string[]): Promise<Api> {
  const { user, token } = await buildPerson(guildhall);
  const role = await buildRole(guildhall, permissions, organization_id);
  const { environment_id } = team.organization;
  await guildhall.db.transaction((trx) =>
    Membership.join(trx, { environment_id, organization_id, user_id: user.id, role_ids: [role] }),
  );
  return guildhall.api.as(token);
}

describe.each(KINDS)("$name", (kind) => {
  const { path, intents, change, deletable } = kind;
  const listOf = (organization: string) => `${path}?organization_id=${organization}`;

  /** Every request about one by its id, except reading it. */
  const actions = [
    { method: "put", at: (id: string) => `${intents}/${id}`, body: change },
    ...(deletable ? [{ method: "delete", at: (id: string) => `${path}/${id}`, body: undefined }] : []),
    ...(path.endsWith("subscriptions")
      ? [
          { method: "post", at: (id: string) => `${path}/${id}/cancel`, body: undefined },
          {
            method: "patch",
            at: (id: string) => `${path}/${id}/billing-address`,
            body: { billing_address_id: null },
          },
        ]
      : []),
    ...(path.endsWith("payments")
      ? [
          { method: "post", at: (id: string) => `${intents}/${id}/confirm`, body: undefined },
          { method: "post", at: (id: string) => `${intents}/${id}/sync`, body: undefined },
        ]
      : []),
    ...(/methods|addresses/.test(path)
      ? [{ method: "post", at: (id: string) => `${path}/${id}/set-default`, body: undefined }]
      : []),
  ];

  function act(api: Api, { method, at, body }: (typeof actions)[number], id: string) {
    if (method === "put") return api.put(at(id), body);
    if (method === "patch") return api.patch(at(id), body);
    return method === "post" ? api.post(at(id), body) : api.delete(at(id));
  }

  test("without an organization belongs to its creator", async () => {
    for (const values of [{}, { organization_id: null }]) {
      const made = await create(as(team.billing), kind, values);
      expect(made).toMatchObject({ user_id: team.billing.user.id, organization_id: null });
      expect(await as(team.billing).get(`${path}/${made.id}`)).toMatchObject({
        status: 200,
        body: { data: made },
      });
    }
  });

  test("of a person is hidden even from their organization's owner", async () => {
    const { id } = await create(as(team.billing), kind);
    const before = await checksum(guildhall.db);
    for (const person of [team.owner, team.member, team.outsider]) {
      const api = as(person);
      expect(await api.get(`${path}/${id}`)).toMatchObject(no(404, "not_found"));
      expect(idsOf(await api.get(path))).toEqual([]);
      for (const action of actions) expect(await act(api, action, id)).toMatchObject(no(404, "not_found"));
    }
    expect(idsOf(await as(team.owner).get(listOf(organization_id)))).toEqual([]);
    expect(await checksum(guildhall.db)).toBe(before);
  });

  test("of an organization is shown to its members, by id and in its list", async () => {
    const { id, ...made } = await create(as(team.owner), kind, { organization_id });
    expect(made).toMatchObject({ user_id: team.owner.user.id, organization_id });
    for (const person of [team.owner, team.billing, team.member]) {
      expect(await as(person).get(`${path}/${id}`)).toMatchObject({ status: 200, body: { data: { id } } });
      expect(idsOf(await as(person).get(listOf(organization_id)))).toEqual([id]);
    }
  });

  test("of an organization is managed by anyone with the permission", async () => {
    const { id } = await create(as(team.owner), kind, { organization_id });
    const changed = await as(team.billing).put(`${intents}/${id}`, change);
    expect(changed).toMatchObject({
      status: 200,
      body: { data: { id, user_id: team.owner.user.id, organization_id, ...change } },
    });
    expect(await create(as(team.billing), kind, { organization_id })).toMatchObject({ organization_id });
  });

  test("of an organization can't be changed by a member who may only read: 403", async () => {
    const { id } = await create(as(team.owner), kind, { organization_id });
    const before = await checksum(guildhall.db);
    const api = as(team.member);
    expect(await api.post(intents, { ...kind.least(), organization_id })).toMatchObject(no(403, "forbidden"));
    for (const action of actions) expect(await act(api, action, id)).toMatchObject(no(403, "forbidden"));
    expect(await checksum(guildhall.db)).toBe(before);
  });

  test("of an organization needs one permission to read and one to change", async () => {
    const { id } = await create(as(team.owner), kind, { organization_id });
    const right = permission(kind);
    const rights = ["subscriptions", "payment_methods", "addresses", "payments"];
    const others = rights
      .filter((name) => name !== right)
      .flatMap((name) => [`${name}:read`, `${name}:manage`]);
    const [reader, manager, outsider] = [
      await buildMemberWith([`${right}:read`]),
      await buildMemberWith([`${right}:manage`]),
      await buildMemberWith(others),
    ];
    for (const [api, mayRead, mayManage] of [
      [reader, true, false],
      [manager, false, true],
      [outsider, false, false],
    ] as const) {
      const statuses = [
        (await api.get(`${path}/${id}`)).status,
        (await api.get(listOf(organization_id))).status,
        (await api.put(`${intents}/${id}`, change)).status,
        (await api.post(intents, { ...kind.least(), organization_id })).status,
      ];
      const [read, list, put, post] = statuses;
      expect([read, list]).toEqual(mayRead ? [200, 200] : [403, 403]);
      expect([put, post]).toEqual(mayManage ? [200, 201] : [403, 403]);
    }
  });

  test("of an organization looks nonexistent to outsiders: 404", async () => {
    const { id } = await create(as(team.owner), kind, { organization_id });
    const unknown = `${id.split("_")[0]}_01h2xcejqtf2nbrexx3vqjhp41`;
    const api = as(team.outsider);
    const ask = [
      (one: string) => api.get(`${path}/${one}`),
      ...actions.map((action) => (one: string) => act(api, action, one)),
    ];
    for (const send of ask) {
      const [foreign, absent] = [await send(id), await send(unknown)];
      expect(foreign).toMatchObject(no(404, "not_found"));
      expect({ ...foreign.body, request_id: "" }).toEqual({ ...absent.body, request_id: "" });
    }
  });

  test("of a foreign and of an unknown organization gets the same 403", async () => {
    await create(as(team.owner), kind, { organization_id });
    const before = await checksum(guildhall.db);
    const api = as(team.outsider);
    for (const named of [organization_id, "org_01h2xcejqtf2nbrexx3vqjhp41", "nonsense", ""]) {
      const listed = await api.get(listOf(named));
      const created = await api.post(intents, { ...kind.least(), organization_id: named });
      for (const { status, body } of [listed, created]) {
        const { request_id: _, ...rest } = body;
        expect({ status, rest }).toEqual({
          status: 403,
          rest: {
            success: false,
            code: "forbidden",
            error: "You don't have permission to perform this action",
          },
        });
      }
    }
    expect(await checksum(guildhall.db)).toBe(before);
  });

  test("in a list without organization_id is the caller's own only", async () => {
    const own = await create(as(team.owner), kind);
    await create(as(team.owner), kind, { organization_id });
    await create(as(team.billing), kind);
    const { body } = await as(team.owner).get(path);
    expect(body).toMatchObject({ data: [{ id: own.id }], meta: { pagination: { total: 1 } } });
  });

  test("can't move to another owner: naming an organization is refused", async () => {
    const { id } = await create(as(team.owner), kind);
    const answer = await as(team.owner).put(`${intents}/${id}`, { organization_id });
    expect(answer).toMatchObject(no(422, "unknown_field", "organization_id"));
  });

  test("of an organization is hidden from its creator once they have left", async () => {
    const { id } = await create(as(team.billing), kind, { organization_id });
    expect(
      (await as(team.billing).post(`/bridge-payment/organizations/${organization_id}/leave`)).status,
    ).toBe(200);
    expect(await as(team.billing).get(`${path}/${id}`)).toMatchObject(no(404, "not_found"));
    for (const action of actions)
      expect(await act(as(team.billing), action, id)).toMatchObject(no(404, "not_found"));
    expect(idsOf(await as(team.billing).get(path))).toEqual([]);
    expect(idsOf(await as(team.owner).get(listOf(organization_id)))).toEqual([id]);
  });

  test("of another environment is hidden", async () => {
    const elsewhere = await buildPerson(guildhall, { environment: "globex" });
    const theirs = guildhall.api.in("globex").as(elsewhere.token);
    const { id: theirOrganization } = await buildOrganization(guildhall, elsewhere);
    const ids = [
      (await create(theirs, kind)).id,
      (await create(theirs, kind, { organization_id: theirOrganization })).id,
    ];
    for (const id of ids) {
      expect(await as(team.owner).get(`${path}/${id}`)).toMatchObject(no(404, "not_found"));
      expect(await guildhall.api.get(`${path}/${id}`)).toMatchObject(no(404, "not_found"));
      for (const action of actions)
        expect(await act(as(team.owner), action, id)).toMatchObject(no(404, "not_found"));
    }
    expect(await as(team.owner).get(listOf(theirOrganization))).toMatchObject(no(403, "forbidden"));
  });

  test("is read by programs by id only, within their scopes", async () => {
    const ids = [
      (await create(as(team.owner), kind)).id,
      (await create(as(team.owner), kind, { organization_id })).id,
    ];
    const scope = `${path.split("/")[2]?.replace("-", "_")}:read`;
    const reader = bearing(guildhall, await accessToken(guildhall, await buildClient(guildhall, [scope])));
    const other = bearing(guildhall, await accessToken(guildhall, await buildClient(guildhall)));
    for (const id of ids) {
      for (const program of [guildhall.api, reader])
        expect(await program.get(`${path}/${id}`)).toMatchObject({ status: 200, body: { data: { id } } });
      expect(await other.get(`${path}/${id}`)).toMatchObject(no(403, "scope_missing"));
    }
    for (const program of [guildhall.api, reader]) {
      expect(await program.get(path)).toMatchObject(no(403, "session_required"));
      expect(await program.post(intents, kind.least())).toMatchObject(no(403, "session_required"));
    }
  });
});
