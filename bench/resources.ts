import { openDatabase } from "../src/db/connection.ts";
import { settle } from "./people.ts";
import type { Database } from "./stage.ts";

/** The columns that a table has beyond the common ones; `n` is the row's number. Ordered by reference. */
const TABLES: Array<[table: string, prefix: string, columns: Record<string, string>]> = [
  ["customers", "cust", { email: "n || '@example.com'" }],
  ["addresses", "addr", { country: "'DE'", line1: "'Street ' || n", city: "'Berlin'" }],
  [
    "payment_methods",
    "pm",
    { type: "'card'", provider_payment_method_token: "'tok_' || n", ...refersTo("cust", "addr") },
  ],
  ["subscriptions", "sub", { currency: "'EUR'", subtotal_cents: "n", ...refersTo("cust", "pm", "addr") }],
  [
    "payments",
    "pay",
    { currency: "'EUR'", subtotal_cents: "n", status: "'succeeded'", ...refersTo("cust", "pm") },
  ],
];
let numbered = 0;

/** Gives each organization this many resources, spread evenly over the five tables and several creators. */
export async function addResources(
  { url }: Database,
  organizationIds: string[],
  { each, userIds }: { each: number; userIds: string[] },
): Promise<void> {
  const db = openDatabase({ url, poolSize: 1, name: "bench", statementTimeout: 0 });
  // The rows are known to fit, and checking every reference would take longer than everything else.
  await db.raw("set session_replication_role = replica");
  const count = Math.ceil(each / TABLES.length);
  for (const [table, prefix, columns] of TABLES) {
    const names = Object.keys(columns).join(", ");
    const values = Object.values(columns).join(", ");
    await db.raw(
      `insert into ${table} (id, environment_id, organization_id, user_id, ${names})
       select ${id(prefix)}, environment_id, organization_id, user_id, ${values}
       from (
         select o.environment_id, o.id as organization_id, of.n,
           (cast(:userIds as text[]))[1 + of.n % cardinality(cast(:userIds as text[]))] as user_id
         from unnest(cast(:organizationIds as text[])) with ordinality given (id, place)
         join organizations o using (id),
         generate_series(1, cast(:count as int)) i, lateral (select :numbered + (place - 1) * :count + i as n) of
       ) rows`,
      { organizationIds, userIds, count, numbered },
    );
  }
  numbered += count * organizationIds.length;
  await settle(db);
}

/** References to the row of the same number in other tables, by their prefixes. */
function refersTo(...prefixes: string[]): Record<string, string> {
  const columns = { cust: "customer_id", addr: "billing_address_id", pm: "payment_method_id" };
  const known = Object.entries(columns).filter(([prefix]) => prefixes.includes(prefix));
  return Object.fromEntries(known.map(([prefix, column]) => [column, id(prefix)]));
}

function id(prefix: string): string {
  return `'${prefix}_' || lpad(n::text, 26, '0')`;
}
