import { afterAll, beforeAll, expect, test } from "vitest";
import { transaction } from "../src/db/transaction.ts";
import { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson } from "./support/builders.ts";
import { type Guildhall, startGuildhall } from "./support/guildhall.ts";

let guildhall: Guildhall;

beforeAll(async () => {
  guildhall = await startGuildhall();
});
afterAll(() => guildhall.stop());

test.each(["knex", "Objection"])(
  "of two transactions in a deadlock both go through, by queries of %s",
  async (by) => {
    const owner = await buildPerson(guildhall);
    const ids = [
      (await buildOrganization(guildhall, owner)).id,
      (await buildOrganization(guildhall, owner)).id,
    ];
    let tries = 0;
    const cross = ([first = "", second = ""]: string[]) =>
      transaction(guildhall.db, async (trx) => {
        tries += 1;
        const touch = (id: string) =>
          by === "knex"
            ? trx("organizations").where({ id }).update({ country: "DE" })
            : Organization.query(trx).findById(id).patch({ country: "DE" });
        await touch(first);
        await new Promise((resolve) => setTimeout(resolve, 200));
        await touch(second);
      });
    await Promise.all([cross(ids), cross([...ids].reverse())]);
    expect(tries).toBe(3);
  },
);
