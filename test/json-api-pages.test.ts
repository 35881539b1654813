import { describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { buildOrganization, buildPerson, type Person } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

/** A person with this many organizations, oldest first. */
async function buildOwnerOf(count: number): Promise<{ owner: Person; api: Api; ids: string[] }> {
  const owner = await buildPerson(guildhall);
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push((await buildOrganization(guildhall, owner)).id);
  return { owner, api: guildhall.api.as(owner.token), ids: ids.sort() };
}

// biome-ignore lint/suspicious/noExplicitAny: a document as it came.
const idsOf = (body: any): string[] => body.data.map(({ id }: { id: string }) => id);

/** The cursor after the nth organization, taken from a page's link as clients do. */
async function cursorAfter(api: Api, n: number): Promise<string> {
  const { body } = await api.get(`/api/organizations?page[size]=${n}`);
  return new URLSearchParams(body.links.next.split("?")[1]).get("page[after]") ?? "";
}

/** The cursor before the nth organization. */
async function cursorBefore(api: Api, n: number): Promise<string> {
  const after = new URLSearchParams({ "page[after]": await cursorAfter(api, n - 1) });
  const { body } = await api.get(`/api/organizations?${after}`);
  return new URLSearchParams(body.links.prev.split("?")[1]).get("page[before]") ?? "";
}

/** Follows links to the end. */
async function walk(
  api: Api,
  url: string,
  link: "next" | "prev",
  between: () => Promise<unknown> = async () => {},
): Promise<string[][]> {
  const pages: string[][] = [];
  for (let next: string | null = url; next !== null; ) {
    const { status, body } = await api.get(next);
    expect(status).toBe(200);
    pages.push(idsOf(body));
    next = body.links[link];
    await between();
  }
  return pages;
}

describe("a page", () => {
  test("has 20 rows by default, oldest first, and links to itself and the first", async () => {
    const { api, ids } = await buildOwnerOf(21);
    const { body } = await api.get("/api/organizations");
    expect(idsOf(body)).toEqual(ids.slice(0, 20));
    expect(body.links).toMatchObject({
      self: "/api/organizations",
      first: "/api/organizations",
      prev: null,
    });
    expect(idsOf((await api.get(body.links.next)).body)).toEqual(ids.slice(20));
  });

  test("a page has as many rows as requested, and no next link at the end", async () => {
    const { api, ids } = await buildOwnerOf(3);
    const exactly = await api.get("/api/organizations?page[size]=3");
    expect(idsOf(exactly.body)).toEqual(ids);
    expect(exactly.body.links).toMatchObject({ prev: null, next: null });
    const fewer = await api.get("/api/organizations?page[size]=2");
    expect(idsOf(fewer.body)).toEqual(ids.slice(0, 2));
    expect(fewer.body.links.next).not.toBeNull();
  });

  test("a page without rows is empty and links nowhere", async () => {
    const { api } = await buildOwnerOf(0);
    const { body } = await api.get("/api/organizations");
    expect(body).toMatchObject({ data: [], links: { prev: null, next: null } });
  });

  test("after one row and before another has the rows between them", async () => {
    const { api, ids } = await buildOwnerOf(5);
    const query = new URLSearchParams({
      "page[after]": await cursorAfter(api, 1),
      "page[before]": await cursorBefore(api, 5),
    });
    const { body } = await api.get(`/api/organizations?${query}`);
    expect(idsOf(body)).toEqual(ids.slice(1, 4));
  });

  test("before a row has the rows next to it, in the usual order", async () => {
    const { api, ids } = await buildOwnerOf(5);
    const query = new URLSearchParams({ "page[size]": "2", "page[before]": await cursorBefore(api, 5) });
    const { body } = await api.get(`/api/organizations?${query}`);
    expect(idsOf(body)).toEqual(ids.slice(2, 4));
  });

  test("keeps the filters in its links", async () => {
    const { owner, api } = await buildOwnerOf(3);
    const { body } = await guildhall.api.get(`/api/memberships?filter[user]=${owner.user.id}&page[size]=2`);
    const next = await guildhall.api.get(body.links.next);
    expect(next.body.data).toHaveLength(1);
    expect(next.body.data[0].relationships.user.data.id).toBe(owner.user.id);
    expect((await api.get("/api/memberships")).body.data).toHaveLength(3);
  });
});

describe("following links", () => {
  test.each([1, 2, 3, 7, 100])("next from start to end shows each row once, by pages of %i", async (size) => {
    const { api, ids } = await buildOwnerOf(7);
    const pages = await walk(api, `/api/organizations?page[size]=${size}`, "next");
    expect(pages.flat()).toEqual(ids);
    expect(pages).toHaveLength(Math.ceil(7 / size));
  });

  test("prev from end to start shows each row once", async () => {
    const { api, ids } = await buildOwnerOf(7);
    const last = new URLSearchParams({ "page[size]": "3", "page[before]": await cursorBefore(api, 7) });
    const pages = await walk(api, `/api/organizations?${last}`, "prev");
    expect(pages.reverse().flat()).toEqual(ids.slice(0, -1));
  });

  test("next and then prev returns to the same rows", async () => {
    const { api } = await buildOwnerOf(6);
    const first = await api.get("/api/organizations?page[size]=2");
    const second = await api.get(first.body.links.next);
    const third = await api.get(second.body.links.next);
    const back = await api.get(third.body.links.prev);
    expect(idsOf(back.body)).toEqual(idsOf(second.body));
    expect(idsOf((await api.get(back.body.links.next)).body)).toEqual(idsOf(third.body));
    expect(idsOf((await api.get(back.body.links.prev)).body)).toEqual(idsOf(first.body));
  });

  test("new rows in between don't make a page skip or repeat one", async () => {
    const { owner, api, ids } = await buildOwnerOf(6);
    const added: string[] = [];
    const pages = await walk(api, "/api/organizations?page[size]=2", "next", async () => {
      if (added.length < 4) added.push((await buildOrganization(guildhall, owner)).id);
    });
    expect(pages.flat()).toEqual([...ids, ...added.sort()]);
  });

  test("deleting the cursor's row skips no other row", async () => {
    const { api, ids } = await buildOwnerOf(5);
    const first = await api.get("/api/organizations?page[size]=2");
    await api.delete(`/api/organizations/${ids[1]}`);
    const rest = await walk(api, first.body.links.next, "next");
    expect(rest.flat()).toEqual(ids.slice(2));
  });
});

describe("a cursor", () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const id = "org_01h2xcejqtf2nbrexx3vqjhp41";
  const time = "2026-01-02 03:04:05.678901+00";
  const invalid: Array<[string, string, string]> = [
    ["text", "id", "none"],
    ["nothing", "id", ""],
    ["an id", "id", id],
    ["SQL", "id", "' or 1=1 --"],
    ["half of one", "id", encode(["id", id, id]).slice(0, 20)],
    ["null", "id", encode(null)],
    ["an object", "id", encode({ value: id })],
    ["too little", "id", encode(["id", id])],
    ["a number for an id", "id", encode(["id", id, 5])],
    ["a list for a value", "id", encode(["id", [id], id])],
    ["NUL in an id", "id", encode(["id", id, "a\0"])],
    ["NUL in a value", "name", encode(["name", "a\0", id])],
    ["another order", "id", encode(["name", "Acme", id])],
    ["a column nobody sorts by", "id", encode(["tax_id", "1", id])],
    ["not a time", "created_at", encode(["created_at", "yesterday", id])],
    ["a time that only JavaScript accepts", "created_at", encode(["created_at", "foo 1", id])],
    ["a day that doesn't exist", "created_at", encode(["created_at", "2026-13-45 00:00:00+00", id])],
    ["an endless time", "created_at", encode(["created_at", "infinity", id])],
  ];

  test.each(invalid)(
    "that is %s, sorted by %s, is a 400 that names the parameter",
    async (_, sort, cursor) => {
      const { api } = await buildOwnerOf(1);
      for (const parameter of ["page[after]", "page[before]"]) {
        const answer = await api.get(
          `/api/organizations?${new URLSearchParams({ sort, [parameter]: cursor })}`,
        );
        expect(answer).toMatchObject({
          status: 400,
          body: { errors: [{ code: "invalid_cursor", source: { parameter } }] },
        });
      }
    },
  );

  test("of another order is a 400", async () => {
    const { api } = await buildOwnerOf(2);
    const query = new URLSearchParams({ sort: "name", "page[after]": await cursorAfter(api, 1) });
    expect(await api.get(`/api/organizations?${query}`)).toMatchObject({
      status: 400,
      body: { errors: [{ code: "invalid_cursor" }] },
    });
  });

  test("is no permission: another user's row as a cursor shows only one's own", async () => {
    const mine = await buildOwnerOf(1);
    const { api, ids } = await buildOwnerOf(2);
    const foreign = new URLSearchParams({ "page[after]": encode(["id", mine.ids[0], mine.ids[0]]) });
    expect(idsOf((await api.get(`/api/organizations?${foreign}`)).body)).toEqual(ids);
  });

  test("of a time is accepted in the database's spelling", async () => {
    const { api } = await buildOwnerOf(1);
    const query = new URLSearchParams({
      sort: "created_at",
      "page[after]": encode(["created_at", time, id]),
    });
    expect(await api.get(`/api/organizations?${query}`)).toMatchObject({ status: 200 });
  });
});
