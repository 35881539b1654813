/** The setting that switches off each kind of email. */
const SETTINGS = { "invitation-accepted": "accepted", "invitation-declined": "declined" } as const;

/**
 * SQL that writes the notice to the inviter: to the verified address they have now, unless a program invited or the
 * setting is off.
 * @param of the CTE that has the answered invitation.
 */
export function noticeSql({ id, of, kind }: { id: string; of: string; kind: keyof typeof SETTINGS }): string {
  return `insert into mail_deliveries (id, environment_id, organization_id, invitation_id, kind, email, email_canonical)
    select ${id}, u.environment_id, answered.organization_id, answered.id, '${kind}', u.email, u.email_canonical
    from ${of} answered
    join users u on u.id = answered.inviter_user_id
    join environments e on e.id = u.environment_id
    -- An unproven address may belong to somebody else, who must not be flooded with emails.
    where u.email_verified_at is not null
      and coalesce((e.settings->'notify_inviter'->>'${SETTINGS[kind]}')::boolean, true)
    on conflict (invitation_id, kind, seq) do nothing`;
}
