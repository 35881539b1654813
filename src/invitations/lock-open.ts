/** Parameters of a statement, or other SQL that gives a value. */
interface Naming {
  id: string;
  /** Null: any. */
  environment: string;
  /** Null: not by a link. */
  tokenVersion: string;
}

/**
 * SQL of two CTEs: `organization`, locked unless it is being deleted, and `open`, the invitation, locked while it can be
 * answered, with its organization's owner and its environment's settings. Every answer and change to an invitation takes
 * these locks in this order, so one of any number at once finds it open.
 */
export function lockedOpen({ id, environment, tokenVersion }: Naming): string {
  return `organization as materialized (
    select o.id, o.owner_user_id, e.settings
    from invitations i
    join organizations o on o.id = i.organization_id and o.deleting_at is null
    join environments e on e.id = i.environment_id
    where i.id = ${id} and (${environment} is null or i.environment_id = ${environment})
    for no key update of o
  ),
  open as materialized (
    select i.*, o.owner_user_id, o.settings
    from organization o join invitations i on i.organization_id = o.id and i.id = ${id}
    where i.status = 'pending' and i.expires_at > clock_timestamp()
      and (${tokenVersion} is null or i.token_version = ${tokenVersion})
    for no key update of i
  )`;
}

/** SQL of an invitation's row as JSON, with what the API shows beside it. @param row the table's alias. */
export function withSummary(row: string, roleIds: string): string {
  return `to_jsonb(${row}) || jsonb_build_object('role_ids', ${roleIds}, 'delivery_state', (
    select state from mail_deliveries where invitation_id = ${row}.id and kind = 'invitation' order by seq desc limit 1
  ))`;
}
