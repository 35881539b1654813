import { expect, test } from "vitest";
import { personName, personNameSql } from "../src/models/person-name.ts";
import { useGuildhall } from "./support/guildhall.ts";

const guildhall = useGuildhall();

test.each([
  { first_name: "Ada", last_name: "Lovelace", name: "Ada Lovelace" },
  { first_name: "Ada", last_name: null, name: "Ada" },
  { first_name: null, last_name: "Lovelace", name: "Lovelace" },
  { first_name: null, last_name: null, name: null },
])("the name $name is the same in SQL and in TypeScript", async ({ name, ...user }) => {
  const sql = `select ${personNameSql("u")} as name from (values (?::text, ?::text)) u (first_name, last_name)`;
  const { rows } = await guildhall.db.raw(sql, [user.first_name, user.last_name]);
  expect(rows).toEqual([{ name }]);
  expect(personName(user)).toBe(name);
});
