import type { Knex } from "knex";

/** The owner of the rows: an organization, with these users as creators in turn, or else the users themselves. */
export interface RowsOf {
  environment_id: string;
  organization_id: string | null;
  user_ids: string[];
}

/** The number of rows in each of the five tables, and the numbers that their ids end in. */
export interface Numbers {
  first: number;
  last: number;
}

/** For each table: the prefix of its ids, the values of its columns, with `n` for a row's number, and its default column. */
const TABLES: Array<{
  table: string;
  prefix: string;
  columns: Record<string, string>;
  defaultAmong?: string;
}> = [
  {
    table: "customers",
    prefix: "cust",
    columns: { email: "n || '@example.com'", name: "'Person ' || n", provider_id: "'stripe'", phone: "n" },
  },
  {
    table: "addresses",
    prefix: "addr",
    columns: {
      type: "(array['billing', 'shipping', 'both'])[1 + n % 3]",
      country: "'DE'",
      line1: "'Weg ' || n",
      city: "'Köln'",
      alias: "case when n % 2 = 0 then 'home ' || n end",
    },
    defaultAmong: "n % 3",
  },
  {
    table: "payment_methods",
    prefix: "pm",
    columns: {
      type: "(array['card', 'bank_account', 'wallet'])[1 + n % 3]",
      provider_payment_method_token: "'tok_' || n",
      last_four: "lpad((n % 10000)::text, 4, '0')",
      ...links("cust", "addr"),
    },
    defaultAmong: "0",
  },
  {
    table: "subscriptions",
    prefix: "sub",
    columns: {
      status: "(array['active', 'canceled', 'past_due', 'incomplete', 'trialing', 'paused'])[1 + n % 6]",
      currency: "'EUR'",
      subtotal_cents: "n * 100",
      tax_cents: "n * 19",
      description: "'Plan ' || n",
      metadata: "jsonb_build_object('n', n, 'tags', array['a', 'b'])",
      ...links("cust", "pm", "addr"),
    },
  },
  {
    table: "payments",
    prefix: "pay",
    columns: {
      status: "(array['succeeded', 'failed', 'processing', 'refunded'])[1 + n % 4]",
      currency: "'USD'",
      subtotal_cents: "n * 100",
      discount_cents: "n % 100",
      reference_code: "'R-' || n",
      ...links("cust", "pm"),
    },
  },
];
export const SHARED_TABLES = TABLES.map(({ table }) => table);

let numbered = 0;

/**
 * Writes this many rows to each table by SQL, because commands would take minutes for thousands. Each row refers to
 * those with its own number. With an organization, the first row of each group is its default. Otherwise each user's
 * first row is theirs.
 */
export async function addSharedRows(
  db: Knex,
  { environment_id, organization_id, user_ids }: RowsOf,
  each: number,
  tables = SHARED_TABLES,
): Promise<Numbers> {
  const numbers = { first: numbered + 1, last: numbered + each };
  numbered += each;
  await db.transaction(async (trx) => {
    // The rows are known to fit, and checking all references would take longer than everything else.
    await trx.raw("set local session_replication_role = replica");
    for (const { table, prefix, columns, defaultAmong } of TABLES) {
      if (!tables.includes(table)) continue;
      const group = organization_id === null ? `user_id, ${defaultAmong}` : defaultAmong;
      const isDefault = `row_number() over (partition by ${group} order by n) = 1`;
      const all = defaultAmong === undefined ? columns : { ...columns, is_default: isDefault };
      await trx.raw(
        `insert into ${table} (id, environment_id, organization_id, user_id, created_at, ${Object.keys(all).join(", ")})
         select ${idOf(prefix, "n")}, :environment_id, :organization_id, user_id, '2026-01-01'::timestamptz + n * interval '1 second',
           ${Object.values(all).join(", ")}
         from (
           select n, (cast(:user_ids as text[]))[1 + n % cardinality(cast(:user_ids as text[]))] as user_id
           from generate_series(cast(:first as int), cast(:last as int)) n
         ) numbers`,
        { environment_id, organization_id, user_ids, ...numbers },
      );
    }
  });
  await db.raw(`analyze ${SHARED_TABLES.join(", ")}`);
  return numbers;
}

/** The columns that a detachment changes. */
const CHANGED = ["organization_id", "is_default", "updated_at"];

/**
 * Returns for each table the number of rows with these numbers, and a text that changes with any column of any of them.
 * @param except columns that don't count. Default: those a detachment changes.
 */
export async function sumUp(
  db: Knex,
  { first, last }: Numbers,
  except: string[] = CHANGED,
): Promise<Record<string, { count: number; sum: string }>> {
  const sums: Record<string, { count: number; sum: string }> = {};
  for (const { table, prefix } of TABLES) {
    const { rows } = await db.raw(
      `select count(*), md5(string_agg((to_jsonb(t) - cast(:except as text[]))::text, '|' order by id)) as sum
       from ${table} t where id between ${idOf(prefix, ":first")} and ${idOf(prefix, ":last")}`,
      { first, last, except },
    );
    sums[table] = rows[0];
  }
  return sums;
}

/** Returns the id of a row by its number. */
export function idOfNumber(table: string, n: number): string {
  const prefix = TABLES.find((each) => each.table === table)?.prefix;
  return `${prefix}_${String(n).padStart(26, "0")}`;
}

/** The same in SQL. */
function idOf(prefix: string, n: string): string {
  return `'${prefix}_' || lpad(cast(${n} as text), 26, '0')`;
}

/** Returns references to the rows with the same number in the tables with these prefixes. */
function links(...prefixes: string[]): Record<string, string> {
  const columns = [
    ["cust", "customer_id"],
    ["addr", "billing_address_id"],
    ["pm", "payment_method_id"],
  ] as const;
  const meant = columns.filter(([prefix]) => prefixes.includes(prefix));
  return Object.fromEntries(meant.map(([prefix, column]) => [column, idOf(prefix, "n")]));
}
