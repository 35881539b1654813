import { beforeEach, describe, expect, test } from "vitest";
import { detachOrganizations } from "../jobs/detach-organizations.ts";
import type { Api } from "./support/api.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildTeammates, type Teammates } from "./support/teammates.ts";

const guildhall = useGuildhall();
let team: Teammates;
/** The billing member's own default, and the one of the organization that is being deleted. */
let own: string;
let shared: string;
let other: string;

/** Makes an address. @returns its path. */
async function make({ post }: Api, values: object): Promise<string> {
  const place = { country: "DE", line1: "Weg 1", city: "Köln" };
  const { body } = await post("/bridge-payment/addresses", { ...place, ...values });
  return `/bridge-payment/addresses/${body.data.id}`;
}

beforeEach(async () => {
  team = await buildTeammates(guildhall);
  const { billing, owner } = team;
  const { id: organization_id } = team.organization;
  own = await make(billing.api, { is_default: true });
  shared = await make(billing.api, { organization_id, is_default: true });
  other = await make(billing.api, { organization_id, type: "shipping" });
  await make(owner.api, { organization_id, type: "shipping", is_default: true });
  await owner.api.delete(team.path);
});

const isDefault = async (path: string) => (await team.billing.api.get(path)).body.data.is_default;
const workOff = () => detachOrganizations.run(guildhall.jobContext, {});

/** Holds while the deletion goes on, and once it is completed. */
describe.each([
  ["before the worker comes to it", async () => {}],
  ["after the worker came to it", workOff],
])("during deletion, %s, a shared default", (_, go) => {
  test("leaves its creator's own alone if it changes", async () => {
    await go();
    const { status, body } = await team.billing.api.put(shared, { line2: "Hof 2" });
    expect([status, body.data.line2]).toEqual([200, "Hof 2"]);
    await workOff();
    expect([await isDefault(own), await isDefault(shared)]).toEqual([true, false]);
  });

  test("becomes and stays its creator's own if they choose it", async () => {
    await go();
    expect((await team.billing.api.post(`${shared}/set-default`)).status).toBe(200);
    await workOff();
    expect([await isDefault(own), await isDefault(shared)]).toEqual([false, true]);
  });

  test("stops nobody else from choosing one", async () => {
    await go();
    expect(await team.billing.api.post(`${other}/set-default`)).toMatchObject({ status: 200 });
    await workOff();
    expect([await isDefault(own), await isDefault(other)]).toEqual([true, true]);
  });
});
