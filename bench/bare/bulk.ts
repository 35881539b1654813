import pg from "pg";

/** Runs plain statements in one transaction. It counts, resumes and reports nothing in between. */
async function inOneTransaction(url: string, statements: string[], values: unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("begin");
  for (const statement of statements) await client.query(statement, values);
  await client.query("commit");
  await client.end();
}

/** Expires every overdue invitation, with an event for each. */
export function expireAtOnce(url: string): Promise<void> {
  return inOneTransaction(url, [
    `with expired as (
       update invitations set status = 'expired', expired_at = now(), updated_at = now()
       where status = 'pending' and expires_at <= now()
       returning id, environment_id, organization_id
     )
     insert into events (id, environment_id, type, actor_kind, organization_id, subject_id)
     select 'evt_' || replace(uuidv7()::text, '-', ''), environment_id, 'invitation.expired', 'system', organization_id, id
     from expired`,
  ]);
}

/** Takes an organization off the five kinds of resources. */
export function detachAtOnce(url: string, organization: string): Promise<void> {
  const release = (table: string, also = "") =>
    `update ${table} set organization_id = null, ${also}updated_at = now() where organization_id = $1`;
  return inOneTransaction(
    url,
    [
      release("customers"),
      release("subscriptions"),
      release("payments"),
      release("addresses", "is_default = false, "),
      release("payment_methods", "is_default = false, "),
    ],
    [organization],
  );
}
