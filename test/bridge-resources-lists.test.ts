import { describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { create, idsOf, KINDS, type Kind, no } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

/** Somebody with so many of a kind. @returns the ids in order of creation. */
async function buildRows(kind: Kind, count: number): Promise<{ api: Api; ids: string[] }> {
  const { token } = await buildPerson(guildhall);
  const api = guildhall.api.as(token);
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push((await create(api, kind)).id);
  return { api, ids };
}

const tableOf = ({ path }: Kind) => path.split("/")[2]?.replace("-", "_") ?? "";

describe.each(KINDS)("the list $path", (kind) => {
  const { path } = kind;
  const largest = /payments|addresses/.test(path) ? 50 : 100;

  test("has the newest first, 20 on a page, and counts them all", async () => {
    const { api, ids } = await buildRows(kind, 21);
    const first = await api.get(path);
    expect(idsOf(first)).toEqual(ids.slice(1).reverse());
    expect(first.body).toMatchObject({
      success: true,
      meta: { pagination: { total: 21, page: 1, pageSize: 20, totalPages: 2 } },
    });
    const second = await api.get(`${path}?page=2`);
    expect(idsOf(second)).toEqual(ids.slice(0, 1));
    expect(second.body.meta.pagination).toEqual({ total: 21, page: 2, pageSize: 20, totalPages: 2 });
  });

  test("is empty without resources and beyond its last page", async () => {
    const { api } = await buildRows(kind, 0);
    expect((await api.get(path)).body).toEqual({
      success: true,
      data: [],
      meta: { pagination: { total: 0, page: 1, pageSize: 20, totalPages: 0 } },
    });
    await create(api, kind);
    expect((await api.get(`${path}?page=7&limit=5`)).body).toEqual({
      success: true,
      data: [],
      meta: { pagination: { total: 1, page: 7, pageSize: 5, totalPages: 1 } },
    });
  });

  test("can also be paged by limit and offset", async () => {
    const { api, ids } = await buildRows(kind, 5);
    const newest = [...ids].reverse();
    const third = await api.get(`${path}?limit=2&offset=2`);
    expect(idsOf(third)).toEqual(newest.slice(2, 4));
    expect(third.body.meta.pagination).toEqual({ total: 5, page: 2, pageSize: 2, totalPages: 3 });
    expect(idsOf(await api.get(`${path}?offset=4`))).toEqual(newest.slice(4));
  });

  test("neither skips nor repeats resources created at the same moment", async () => {
    const { api, ids } = await buildRows(kind, 7);
    await guildhall.db(tableOf(kind)).whereIn("id", ids).update({ created_at: guildhall.db.fn.now() });
    for (const [direction, expected] of [
      ["desc", [...ids].reverse()],
      ["asc", ids],
    ]) {
      const pages = [1, 2, 3].map((page) => api.get(`${path}?page=${page}&limit=3&orderDir=${direction}`));
      expect((await Promise.all(pages)).flatMap(idsOf)).toEqual(expected);
    }
  });

  test("is ordered by creation or last change, in either direction", async () => {
    const { api, ids } = await buildRows(kind, 3);
    const [first = "", ...rest] = ids;
    await api.put(`${kind.intents}/${first}`, kind.change);
    expect(idsOf(await api.get(`${path}?orderBy=updated_at`))).toEqual([first, ...rest.reverse()]);
    expect(idsOf(await api.get(`${path}?orderBy=created_at&orderDir=asc`))).toEqual(ids);
  });

  test(`has at most ${largest} on a page`, async () => {
    const { api } = await buildRows(kind, 1);
    expect((await api.get(`${path}?limit=${largest}`)).body.meta.pagination.pageSize).toBe(largest);
    expect(await api.get(`${path}?limit=${largest + 1}`)).toMatchObject(
      no(400, "invalid_parameter", "limit"),
    );
  });

  test.each([
    ["page", ["0", "-1", "1.5", "x", "", "1e9", "NaN"]],
    ["limit", ["0", "-1", "1.5", "x", "", "Infinity"]],
    ["offset", ["-1", "0.5", "x", "99999999999"]],
    ["orderBy", ["id", "user_id", "metadata", "created_at;", "", "__proto__"]],
    ["orderDir", ["up", "DESC", ""]],
  ])("refuses a wrong %s by name", async (parameter, values) => {
    const { api } = await buildRows(kind, 0);
    for (const value of values) {
      const answer = await api.get(`${path}?${parameter}=${encodeURIComponent(value)}`);
      expect(answer, value).toMatchObject(no(400, "invalid_parameter", parameter));
      expect(answer.body.error).toMatch(new RegExp(`^${parameter}: `));
    }
  });

  test("refuses unknown and repeated parameters by name", async () => {
    const { api, ids } = await buildRows(kind, 1);
    for (const name of [
      "user_id",
      "environment_id",
      "organisation_id",
      "page[size]",
      "__proto__",
      "x".repeat(200),
    ]) {
      for (const asked of [path, `${path}/${ids[0]}`]) {
        const answer = await api.get(`${asked}?${encodeURIComponent(name)}=1`);
        expect(answer, name).toMatchObject(no(400, "unknown_parameter", name));
        expect(answer.body.error).toContain(name);
      }
    }
    for (const twice of ["page=1&page=1", "organization_id=a&organization_id=b"]) {
      const [name] = twice.split("=");
      expect(await api.get(`${path}?${twice}`)).toMatchObject(no(400, "repeated_parameter", name));
    }
  });

  test("refuses a NUL in any parameter by name", async () => {
    const { api } = await buildRows(kind, 0);
    expect(await api.get(`${path}?organization_id=%00`)).toMatchObject(
      no(400, "invalid_parameter", "organization_id"),
    );
  });
});
