import { createSession } from "../src/access/create-session.ts";
import type { SystemRoleName } from "../src/access/permissions.ts";
import { openDatabase } from "../src/db/connection.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { newId } from "../src/lib/id.ts";
import { Membership } from "../src/models/membership.ts";
import { findSystemRole } from "../src/roles/find-system-role.ts";
import type { Database } from "./stage.ts";

export interface Member {
  organization_id: string;
  user_id: string;
  token: string;
}

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
export const RESOURCE_TABLES = TABLES.map(([table]) => table);

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
  await db.raw(`vacuum analyze ${RESOURCE_TABLES.join(", ")}`);
  await db.destroy();
}

/** Members of each organization with a role there, and a session of one of them. */
export async function addMembers(
  { url }: Database,
  organizationIds: string[],
  { role, each }: { role: SystemRoleName; each: number },
): Promise<Member[]> {
  const db = openDatabase({ url, poolSize: 1, name: "bench" });
  const { id: environment_id } = await db("environments").first("id");
  const { id: role_id } = await findSystemRole(db, environment_id, role);
  const members: Member[] = [];
  for (const organization_id of organizationIds) {
    const users = Array.from({ length: each }, () => newId("user"));
    for (const user_id of users) {
      const email = `${user_id}@example.com`;
      await db("users").insert({ id: user_id, environment_id, email, email_canonical: email });
      const joining = { environment_id, organization_id, user_id, role_ids: [role_id] };
      await db.transaction((trx) => Membership.join(trx, joining));
    }
    const [user_id = ""] = users;
    const { token } = await createSession({ db }, { environment_id, user_id }, SYSTEM);
    members.push({ organization_id, user_id, token });
  }
  await db.destroy();
  return members;
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
