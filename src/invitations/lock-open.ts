/** Parameters of a statement, or other SQL that gives a value. */
interface Naming {
  id: string;
  /** Null: any. */
  environment: string;
  /** Null: not by a link. */
  tokenVersion: string;
}

/**
 * SQL of CTEs that end in `open`: the invitation, locked, if it can be answered, with its organization's owner. Every
 * answer and change takes these locks in this order, so one of any number at once finds it open. Nothing else is asked of
 * a row before it is locked: by its state, a plan made for few rows would look through all that are pending.
 */
export function lockedOpen({ id, environment, tokenVersion }: Naming): string {
  return `organization as materialized (
    select o.id, o.owner_user_id
    from invitations i
    join organizations o on o.id = i.organization_id and o.deleting_at is null
    where i.id = ${id} and (${environment} is null or i.environment_id = ${environment})
    for no key update of o
  ),
  locked as materialized (
    select i.*, o.owner_user_id from organization o join invitations i on i.id = ${id}
    -- Not one that had expired when this began and was revived since: the update would check its constraints on the row
    -- as it was.
    where i.expired_at is null
    for no key update of i
  ),
  open as materialized (
    select * from locked
    where status = 'pending' and expires_at > clock_timestamp()
      and (${tokenVersion} is null or token_version = ${tokenVersion})
  )`;
}

/** SQL of an invitation's row as JSON, with what the API shows beside it. @param row the table's alias. */
export function withSummary(row: string, roleIds: string): string {
  return `to_jsonb(${row}) || jsonb_build_object('role_ids', ${roleIds}, 'delivery_state', (
    select state from mail_deliveries where invitation_id = ${row}.id and kind = 'invitation' order by seq desc limit 1
  ))`;
}
