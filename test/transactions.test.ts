import { describe, expect, test } from "vitest";
import { pipelined } from "../src/db/pipelined.ts";
import { statement } from "../src/db/statement.ts";
import { transaction } from "../src/db/transaction.ts";
import { Organization } from "../src/models/organization.ts";
import { buildOrganization, buildPerson } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

test.each(["knex", "Objection"])(
  "two transactions in a deadlock both succeed, with queries by %s",
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

describe("pipelined statements", () => {
  const append = statement<{ name: string }, { id: string; letter: string }>(
    "test-append",
    { id: "text", letter: "text" },
    "update organizations set name = name || :letter where id = :id returning name",
  );
  const divide = statement<{ n: number }, { divisor: number }>(
    "test-divide",
    { divisor: "int" },
    "select 1 / :divisor as n",
  );

  async function anOrganization() {
    return buildOrganization(guildhall, await buildPerson(guildhall), { name: "A" });
  }
  async function nameOf({ id }: Organization) {
    return (await guildhall.db("organizations").where({ id }).first("name")).name;
  }

  test("take effect in order, each seeing the one before", async () => {
    const organization = await anOrganization();
    const letters = [..."BCDEFGH"];
    const names = await transaction(guildhall.db, (trx) =>
      pipelined(
        trx,
        letters.map((letter) => async () => (await append(trx, { id: organization.id, letter }))[0]?.name),
      ),
    );
    expect(names).toEqual(letters.map((_, n) => `A${letters.slice(0, n + 1).join("")}`));
    expect(await nameOf(organization)).toBe("ABCDEFGH");
  });

  test("are undone together, and the connection stays usable", async () => {
    const organization = await anOrganization();
    const run = (...divisors: number[]) =>
      transaction(guildhall.db, (trx) =>
        pipelined<unknown>(trx, [
          () => append(trx, { id: organization.id, letter: "B" }),
          ...divisors.map((divisor) => () => divide(trx, { divisor })),
        ]),
      );
    for (let round = 0; round < 12; round += 1) {
      await expect(run(1, 0, 1)).rejects.toThrow("division by zero");
      await expect(run(0)).rejects.toThrow("division by zero");
    }
    expect(await nameOf(organization)).toBe("A");
    // As many at once as the pool has connections.
    await Promise.all(Array.from({ length: 10 }, () => run(1, 2, 4)));
    expect(await nameOf(organization)).toBe(`A${"B".repeat(10)}`);
  });
});
