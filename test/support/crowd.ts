import pg from "pg";
import type { Guildhall } from "./guildhall.ts";

/** The number of rows in tables that grow with people and invitations. Other tables get a tenth of it. */
const CROWD = 100_000;
const FEWER = CROWD / 10;
/** Half of the rows belong to one organization. The others are spread over this many. */
const ORGANIZATIONS = 500;

const id = (prefix: string, number: string) => `'${prefix}_' || lpad((${number})::text, 26, '0')`;
const numbers = (count: number) => `generate_series(1, ${count}) n`;
/** Organization 0 is the large one. */
const place = `(case when n % 2 = 0 then 0 else 1 + n % ${ORGANIZATIONS} end)`;
const organization = id("org", place);
const time = "now() - make_interval(secs => n)";

/** The large organization, its owner, and a role of another organization that nearly everybody has. */
export const LARGE = {
  organization: `org_${"0".repeat(26)}`,
  owner: `user_${"0".repeat(25)}2`,
  role: `role_${"0".repeat(25)}1`,
};

/**
 * Fills an environment with people, organizations and everything that grows with them, directly in the tables, and
 * runs `analyze`. Their ids sort before those of all rows that are made in the usual way.
 */
export async function fillEnvironment(
  { settings }: Pick<Guildhall, "settings">,
  environmentId: string,
): Promise<void> {
  const client = new pg.Client({ connectionString: settings.DATABASE_URL });
  await client.connect();
  const e = client.escapeLiteral(environmentId);
  const role = (name: string) =>
    `(select id from roles where environment_id = ${e} and is_system and name = '${name}')`;
  const insert = (table: string, values: Record<string, string>, count = CROWD) =>
    `insert into ${table} (environment_id, ${Object.keys(values).join(", ")})
     select ${e}, ${Object.values(values).join(", ")} from ${numbers(count)}`;
  const entriesOf = (table: string, text: string, places: string) =>
    `insert into search_entries (id, text, words)
     select id, ${text}, search_index(array[${places}], ${text}) from ${table} where environment_id = ${e}
     on conflict do nothing`;
  const statements = [
    "begin",
    // Without foreign keys and triggers, which is faster. The rows contain everything that triggers would write.
    "set local session_replication_role = replica",
    insert("users", {
      id: id("user", "n"),
      email: "'crowd' || n || '@example.com'",
      email_canonical: "'crowd' || n || '@example.com'",
      created_at: time,
    }),
    insert(
      "organizations",
      {
        id: id("org", "n - 1"),
        name: "'Crowd ' || n",
        owner_user_id: id("user", "case n when 1 then 2 else 2 * n - 1 end"),
        created_at: time,
      },
      ORGANIZATIONS + 1,
    ),
    insert("memberships", {
      id: id("orguser", "n"),
      organization_id: organization,
      user_id: id("user", "n"),
      created_at: time,
    }),
    insert("membership_roles", {
      id: id("orguserrole", "n"),
      organization_id: organization,
      membership_id: id("orguser", "n"),
      role_id: `case when n = 2 then ${role("owner")} when n % 20 = 1 then ${role("member")} else '${LARGE.role}' end`,
      created_at: time,
    }),
    insert("invitations", {
      id: id("inv", "n"),
      organization_id: organization,
      email: "'invited' || n || '@example.com'",
      email_canonical: "'invited' || n || '@example.com'",
      inviter_user_id: id("user", "1 + n % 1000"),
      status: "case when n % 2 = 0 then 'pending' else 'expired' end",
      expired_at: "case when n % 2 = 0 then null else now() end",
      expires_at: "now() + make_interval(secs => 100000 + n)",
      created_at: time,
    }),
    insert("mail_deliveries", {
      id: id("dlv", "n"),
      organization_id: organization,
      invitation_id: id("inv", "n"),
      kind: "'invitation'",
      email: "'invited' || n || '@example.com'",
      email_canonical: "'invited' || n || '@example.com'",
      state: "'sent'",
      due_at: "null::timestamptz",
      created_at: time,
    }),
    insert("events", {
      id: id("evt", "n"),
      type: "'invitation.created'",
      actor_kind: "'user'",
      actor_user_id: id("user", "1 + n % 1000"),
      organization_id: organization,
      subject_id: id("inv", "n"),
      created_at: time,
    }),
    insert(
      "invitation_batches",
      {
        id: id("batch", "n"),
        organization_id: id("org", "n - 1"),
        actor_kind: "'operator'",
        total_count: "200",
        created_at: time,
      },
      ORGANIZATIONS + 1,
    ),
    insert(
      "invitation_batch_rows",
      {
        id: id("batchrow", "n"),
        batch_id: id("batch", `1 + n % ${ORGANIZATIONS}`),
        number: "n",
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "sessions",
      {
        id: id("sess", "n"),
        user_id: id("user", "n"),
        token_hash: "sha256(n::text::bytea)",
        expires_at: "now() + make_interval(days => 30)",
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "organization_deletions",
      {
        id: id("del", "n"),
        organization_id: id("org", "1000 + n"),
        organization_name: "'Gone'",
        requested_by_user_id: id("user", "1 + n % 1000"),
        planned: "'{}'",
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "roles",
      {
        id: id("role", "n"),
        organization_id: id("org", `n % ${ORGANIZATIONS}`),
        name: "'crowd ' || n",
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "role_permissions",
      {
        id: id("roleperm", "n"),
        role_id: id("role", "n"),
        permission_id: `(select id from permissions where environment_id = ${e} and name = 'members:read')`,
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "user_roles",
      {
        id: id("userrole", "n"),
        user_id: id("user", "n"),
        role_id: id("role", "n"),
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "payments",
      {
        id: id("pay", "n"),
        user_id: id("user", "n"),
        organization_id: organization,
        status: "'succeeded'",
        currency: "'EUR'",
        subtotal_cents: "n",
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "subscriptions",
      {
        id: id("sub", "n"),
        user_id: id("user", "n"),
        organization_id: organization,
        currency: "'EUR'",
        subtotal_cents: "n",
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "customers",
      {
        id: id("cust", "n"),
        user_id: id("user", "n"),
        organization_id: organization,
        email: "'crowd@example.com'",
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "addresses",
      {
        id: id("addr", "n"),
        user_id: id("user", "n"),
        organization_id: organization,
        is_partial: "true",
        country: "'DE'",
        created_at: time,
      },
      FEWER,
    ),
    insert(
      "payment_methods",
      {
        id: id("pm", "n"),
        user_id: id("user", "n"),
        organization_id: organization,
        type: "'card'",
        provider_payment_method_token: "'token'",
        created_at: time,
      },
      FEWER,
    ),
    // The triggers didn't run, and building an index at once is faster.
    "drop index search_entries_words_index",
    ...[
      entriesOf("users", "email", "search_place('u', environment_id)"),
      entriesOf(
        "memberships",
        "(select email_canonical from users u where u.id = user_id)",
        "search_place('m', organization_id)",
      ),
      entriesOf("organizations", "lower(name)", "search_place('o', environment_id)"),
      entriesOf(
        "invitations",
        "email",
        "search_place('i', environment_id), search_place('i', organization_id)",
      ),
    ],
    "create index search_entries_words_index on search_entries using gin (words)",
    "commit",
    "analyze",
  ];
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
