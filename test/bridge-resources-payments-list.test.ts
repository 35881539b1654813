import { beforeEach, describe, expect, test } from "vitest";
import type { Api } from "./support/api.ts";
import { create, idsOf, no, PAYMENT_METHODS, PAYMENTS } from "./support/bridge-team.ts";
import { buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const { path: PATH, intents: INTENTS } = PAYMENTS;

const guildhall = useGuildhall();
let jane: Api;

beforeEach(async () => {
  jane = guildhall.api.as((await buildPerson(guildhall)).token);
});

const intend = (values: object = {}) => create(jane, PAYMENTS, values);
const report = (id: string, status: string) => guildhall.api.post(`${INTENTS}/${id}/sync`, { status });
const cardOf = async (api = jane) => String((await create(api, PAYMENT_METHODS)).id);

describe("the list of payments", () => {
  test("is filtered by status; pending is unknown to the provider", async () => {
    const [method, confirmation, processing, succeeded] = [
      (await intend()).id,
      (await intend({ payment_method_id: await cardOf() })).id,
      (await intend()).id,
      (await intend()).id,
    ];
    await report(processing, "processing");
    await report(succeeded, "succeeded");
    const by = async (status: string) => idsOf(await jane.get(`${PATH}?status=${status}`));
    expect(await by("pending")).toEqual([confirmation, method]);
    expect(await by("requires_payment_method")).toEqual([method]);
    expect(await by("requires_confirmation")).toEqual([confirmation]);
    expect(await by("processing")).toEqual([processing]);
    expect(await by("succeeded")).toEqual([succeeded]);
    expect(await by("failed")).toEqual([]);
    expect(await jane.get(`${PATH}?status=paid`)).toMatchObject(no(400, "invalid_parameter", "status"));
  });

  test("is searched in its texts; % and _ are ordinary characters", async () => {
    const [percent, under, code] = [
      (await intend({ description: "50% off" })).id,
      (await intend({ concept: "a_b", tags: "q1,Consulting" })).id,
      (await intend({ reference_code: "INV-7", category: "services" })).id,
    ];
    const search = async (text: string) =>
      idsOf(await jane.get(`${PATH}?search=${encodeURIComponent(text)}`));
    expect(await search("%")).toEqual([percent]);
    expect(await search("_")).toEqual([under]);
    expect(await search("consulting")).toEqual([under]);
    expect(await search("inv-7")).toEqual([code]);
    expect(await search("SERV")).toEqual([code]);
    expect(await search("50 off")).toEqual([]);
  });

  test("is filtered by time of creation, both limits included", async () => {
    const ids = [await intend(), await intend(), await intend()].map(({ id }) => String(id));
    const times = ["2026-01-31T23:30:00Z", "2026-02-01T00:00:00Z", "2026-02-01T12:00:00Z"];
    for (const [n, id] of ids.entries())
      await guildhall.db("payments").where({ id }).update({ created_at: times[n] });
    const [first = "", second = "", third = ""] = ids;
    const by = async (query: string) => idsOf(await jane.get(`${PATH}?${query}`)).sort();
    expect(await by("created_at_from=2026-02-01T00:00:00Z")).toEqual([second, third].sort());
    expect(await by("created_at_to=2026-02-01T00:00:00Z")).toEqual([first, second].sort());
    const zoned = encodeURIComponent("2026-02-01T01:00:00+01:00");
    expect(await by(`created_at_from=${zoned}&created_at_to=${zoned}`)).toEqual([second]);
    // A date means the whole day, in UTC.
    expect(await by("created_at_from=2026-02-01")).toEqual([second, third].sort());
    expect(await by("created_at_to=2026-02-01")).toEqual([first, second, third].sort());
    expect(await by("created_at_to=2026-01-31")).toEqual([first]);
    expect(await by("created_at_from=2026-02-01&created_at_to=2026-02-01")).toEqual([second, third].sort());
    expect(await by("created_at_from=2026-02-02")).toEqual([]);
    for (const parameter of ["created_at_from", "created_at_to"])
      for (const time of [
        "yesterday",
        "",
        "2026-02-30",
        "2026-13-01",
        "1767225600",
        "2026-02-01T00:00:00",
        "2026-02-01 00:00:00Z",
      ])
        expect(await jane.get(`${PATH}?${parameter}=${encodeURIComponent(time)}`), time).toMatchObject(
          no(400, "invalid_parameter", parameter),
        );
  });

  test("is ordered by amount, under either name, and by status", async () => {
    const ids: string[] = [];
    for (const total_cents of [200, 300, 100]) ids.push((await intend({ total_cents })).id);
    const [middle = "", dear = "", cheap = ""] = ids;
    for (const name of ["total_cents", "amount_cents"]) {
      expect(idsOf(await jane.get(`${PATH}?orderBy=${name}`))).toEqual([dear, middle, cheap]);
      expect(idsOf(await jane.get(`${PATH}?orderBy=${name}&orderDir=asc`))).toEqual([cheap, middle, dear]);
    }
    await report(dear, "canceled");
    expect(idsOf(await jane.get(`${PATH}?orderBy=status&orderDir=asc`))).toEqual([dear, middle, cheap]);
  });
});
