import { beforeAll, describe, expect, test } from "vitest";
import { resourceTypes } from "../src/management/all-resources.ts";
import { buildOrganization, buildPerson, type Person, unique } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildWorld, type World } from "./support/one-of-everything.ts";

const guildhall = useGuildhall();
/** Two of everything in one environment. */
let one: World;
let other: World;

beforeAll(async () => {
  one = await buildWorld(guildhall);
  other = await buildWorld(guildhall);
});

interface Row {
  id: string;
  attributes: Record<string, string>;
}

/** Every page from `url` on, by this link. */
async function walk(url: string, link: "next" | "prev", between: () => Promise<void> = async () => {}) {
  const pages: string[][] = [];
  let last = url;
  for (let next: string | null = url; next !== null; ) {
    last = next;
    const { status, body } = await guildhall.api.get(next);
    expect(status, JSON.stringify(body)).toBe(200);
    pages.push(body.data.map(({ id }: Row) => id));
    next = body.links[link];
    await between();
  }
  return { pages, last };
}

/** What the operator reads; received invitations are tested in a file of their own. */
const types = resourceTypes.filter(({ path }) => path !== "received-invitations");

const sorts = types.flatMap(({ path, sortable }) =>
  ["id", ...sortable].map((column) => [path, column] as const),
);

describe("a list", () => {
  test.each(sorts)(
    "/api/%s sorted by %s is in order, in both directions and page by page",
    async (path, column) => {
      const list = (sort: string) => guildhall.api.get(`/api/${path}?sort=${sort}&page[size]=100`);
      const [up, down] = [await list(column), await list(`-${column}`)];
      expect([up.status, down.status]).toEqual([200, 200]);
      const ids = up.body.data.map(({ id }: Row) => id);
      expect(down.body.data.map(({ id }: Row) => id).reverse()).toEqual(ids);
      const values = up.body.data.map(({ id, attributes }: Row) =>
        column === "id" ? id : attributes[column],
      );
      if (column === "id" || column.endsWith("_at")) {
        // The API shows milliseconds, so rows that differ by microseconds look equal.
        expect(values).toEqual([...values].sort());
      }
      const { pages } = await walk(`/api/${path}?sort=${column}&page[size]=3`, "next");
      expect(pages.flat()).toEqual(ids);
    },
  );

  test.each(["id", "-id", "name", "-name", "created_at", "-created_at"])(
    "a list sorted by %s has the same pages from start to end and back",
    async (sort) => {
      for (const size of [1, 4, 7]) {
        const forwards = await walk(`/api/permissions?sort=${sort}&page[size]=${size}`, "next");
        const backwards = await walk(forwards.last, "prev");
        expect(backwards.pages.reverse()).toEqual(forwards.pages);
      }
    },
  );
});

describe("rows of the same moment", () => {
  /** Organizations of one owner, all created in the same microsecond. */
  async function buildTwins(count: number) {
    const owner = await buildPerson(guildhall);
    const ids = [];
    for (let n = 0; n < count; n += 1) ids.push(await buildTwin(owner));
    return { owner, ids: ids.sort(), url: `/api/organizations?filter[owner]=${owner.user.id}` };
  }

  async function buildTwin(owner: Person, created_at = "2026-01-02 03:04:05.678901+00"): Promise<string> {
    const { id } = await buildOrganization(guildhall, owner, { name: "Twin" });
    await guildhall.db("organizations").where({ id }).update({ created_at });
    return id;
  }

  test.each(["created_at", "-created_at", "name", "-name"])("sorted by %s appear once each", async (sort) => {
    const { ids, url } = await buildTwins(7);
    for (const size of [1, 2, 3, 7]) {
      const forwards = await walk(`${url}&sort=${sort}&page[size]=${size}`, "next");
      expect(forwards.pages.flat()).toEqual(sort.startsWith("-") ? [...ids].reverse() : ids);
      const backwards = await walk(forwards.last, "prev");
      expect(backwards.pages.reverse()).toEqual(forwards.pages);
    }
  });

  test.each(["created_at", "-created_at"])(
    "sorted by %s appear once each while others come and go",
    async (sort) => {
      const { owner, ids, url } = await buildTwins(8);
      let doomed: string | undefined;
      const { pages } = await walk(`${url}&sort=${sort}&page[size]=2`, "next", async () => {
        if (doomed !== undefined) await guildhall.api.delete(`/api/organizations/${doomed}`);
        doomed = await buildTwin(owner);
        await buildTwin(owner, "2025-01-01 00:00:00+00");
      });
      const seen = pages.flat();
      expect(seen.filter((id) => ids.includes(id))).toEqual(sort.startsWith("-") ? [...ids].reverse() : ids);
      expect(new Set(seen).size).toBe(seen.length);
    },
  );

  test("are in order by microseconds", async () => {
    const owner = await buildPerson(guildhall);
    const late = await buildTwin(owner, "2026-01-02 03:04:05.678903+00");
    const early = await buildTwin(owner, "2026-01-02 03:04:05.678901+00");
    const between = await buildTwin(owner, "2026-01-02 03:04:05.678902+00");
    const url = `/api/organizations?filter[owner]=${owner.user.id}&sort=created_at&page[size]=1`;
    expect((await walk(url, "next")).pages.flat()).toEqual([early, between, late]);
  });
});

/** The value of each filter that finds what `world` has; null if both worlds have the same. */
const finds: Record<string, (world: World) => string | null | Promise<string | null>> = {
  "environments handle": () => "acme-test",
  "users email": (world) => world.owner.user.email.toUpperCase(),
  "users external_id": async (world) => {
    const { id } = world.owner.user;
    const external_id = unique("crm");
    await guildhall.api.patch(`/api/users/${id}`, {
      data: { type: "user", id, attributes: { external_id } },
    });
    return external_id;
  },
  "users search": (world) => world.owner.user.email,
  "memberships search": (world) => world.owner.user.email,
  "organizations search": (world) => give(world, "name"),
  "invitations search": async (world) => (await read("invitations", world)).email ?? "",
  "sessions user": (world) => world.owner.user.id,
  "api-clients name": () => null,
  "organizations owner": (world) => world.owner.user.id,
  "organizations slug": (world) => give(world, "slug"),
  "organizations external_id": (world) => give(world, "external_id"),
  "memberships organization": (world) => world.organization.id,
  "memberships user": (world) => world.owner.user.id,
  "membership-roles membership": (world) => world.ids.memberships ?? "",
  "membership-roles role": (world) => world.granted,
  "invitations organization": (world) => world.organization.id,
  "invitations inviter": (world) => world.owner.user.id,
  "invitations email": async (world) => (await read("invitations", world)).email ?? "",
  "invitations status": () => null,
  "invitations delivery_status": () => null,
  "invitations created_since": () => null,
  "invitations created_until": () => null,
  "invitation-batches organization": (world) => world.organization.id,
  "invitation-batches status": () => null,
  "invitation-batch-rows batch": (world) => world.ids["invitation-batches"] ?? "",
  "invitation-batch-rows status": () => null,
  "suppressions email": async (world) => (await read("suppressions", world)).email ?? "",
  "suppressions reason": () => null,
  "suppressions created_since": () => null,
  "suppressions created_until": () => null,
  "deliveries invitation": (world) => world.ids.invitations ?? "",
  "deliveries email": async (world) => (await read("deliveries", world)).email ?? "",
  "deliveries state": () => null,
  "roles name": async (world) => (await read("roles", world)).name ?? "",
  "roles organization": (world) => world.organization.id,
  "role-permissions role": (world) => world.ids.roles ?? "",
  "role-permissions permission": (world) => world.ids.permissions ?? "",
  "permissions name": async (world) => (await read("permissions", world)).name ?? "",
  "user-roles user": (world) => world.owner.user.id,
  "user-roles role": (world) => world.granted,
  "events organization": (world) => world.organization.id,
  "events type": () => null,
  "events subject": async (world) => (await read("events", world)).subject_id ?? "",
  "organization-deletions organization": async (world) =>
    (await read("organization-deletions", world)).organization_id ?? "",
  "organization-deletions state": () => null,
};
const [PAST, FUTURE] = ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00+02:00"];
/** For filters both worlds share: the value that finds both, and one that finds neither. */
const shared: Record<string, [string, string]> = {
  "api-clients name": ["sync", "billing"],
  "invitations status": ["pending", "declined"],
  "invitations delivery_status": ["queued,sent,sending", "failed"],
  "invitation-batches status": ["queued", "canceled"],
  "invitation-batch-rows status": ["queued", "failed"],
  "suppressions reason": ["bounced", "complained"],
  "invitations created_since": [PAST, FUTURE],
  "invitations created_until": [FUTURE, PAST],
  "suppressions created_since": [PAST, FUTURE],
  "suppressions created_until": [FUTURE, PAST],
  "deliveries state": ["pending", "failed"],
  "events type": ["role_permission.created", "invitation.declined"],
  "organization-deletions state": ["detaching", "completed"],
};

async function read(path: string, world: World): Promise<Record<string, string>> {
  return (await guildhall.api.get(`/api/${path}/${world.ids[path]}`)).body.data.attributes;
}

async function give({ organization: { id } }: World, attribute: string): Promise<string> {
  const value = unique(attribute);
  const document = { data: { type: "organization", id, attributes: { [attribute]: value } } };
  expect((await guildhall.api.patch(`/api/organizations/${id}`, document)).status).toBe(200);
  return value;
}

describe("a filter", () => {
  const filters = types.flatMap(({ path, filters: known }) =>
    Object.keys(known).map((name) => [path, name] as const),
  );

  test.each(filters)("on /api/%s by %s finds exactly what it names", async (path, name) => {
    const find = finds[`${path} ${name}`];
    if (find === undefined) throw new Error("a new filter needs a row above");
    const idsBy = async (value: string) => {
      const query = new URLSearchParams({ [`filter[${name}]`]: value, "page[size]": "100", sort: "-id" });
      const { status, body } = await guildhall.api.get(`/api/${path}?${query}`);
      expect(status, JSON.stringify(body)).toBe(200);
      return body.data.map(({ id }: Row) => id);
    };
    const [mine, theirs] = [one.ids[path], other.ids[path]];
    const value = await find(one);
    const [both, neither] = shared[`${path} ${name}`] ?? [];
    if (value === null) {
      expect(await idsBy(both ?? "")).toEqual(expect.arrayContaining([mine, theirs]));
      const found = await idsBy(neither ?? "");
      expect(found).not.toContain(mine);
      expect(found).not.toContain(theirs);
    } else {
      const found = await idsBy(value);
      expect(found).toContain(mine);
      if (mine !== theirs) expect(found).not.toContain(theirs);
      if (name !== "email") expect(await idsBy("nothing")).toEqual([]);
    }
  });

  test.each([
    ["invitations", "invitations"],
    ["suppressions", "suppressions"],
  ])("on /api/%s by time includes the start and excludes the end", async (path, table) => {
    const rows = guildhall.db(table);
    const ids: string[] = (await rows.clone().orderBy("id", "desc").limit(2).pluck("id")) as string[];
    const [older, newer] = ids as [string, string];
    await rows.clone().where({ id: older }).update({ created_at: "2019-05-01T10:00:00.000001Z" });
    await rows.clone().where({ id: newer }).update({ created_at: "2019-05-01T12:00:00Z" });
    const found = (since: string, until: string) =>
      walk(
        `/api/${path}?filter[created_since]=2019-05-01T${since}Z&filter[created_until]=2019-05-01T${until}Z&page[size]=1`,
        "next",
      );
    expect((await found("10:00:00", "12:00:01")).pages).toEqual([[older], [newer]]);
    expect((await found("10:00:00", "12:00:00")).pages).toEqual([[older]]);
    expect((await found("10:00:01", "12:00:00")).pages).toEqual([[]]);
    const yesterday = await guildhall.api.get(`/api/${path}?filter[created_since]=yesterday`);
    expect(yesterday.body.errors[0]).toMatchObject({ source: { parameter: "filter[created_since]" } });
  });

  test("also applies to related lists and their linkage", async () => {
    const { id } = one.organization;
    for (const path of [
      `/api/organizations/${id}/invitations`,
      `/api/organizations/${id}/relationships/invitations`,
    ]) {
      expect((await guildhall.api.get(`${path}?filter[status]=pending`)).body.data).toHaveLength(1);
      expect((await guildhall.api.get(`${path}?filter[status]=declined`)).body.data).toEqual([]);
    }
  });
});
