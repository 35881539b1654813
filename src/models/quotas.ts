/** Limits for people. Programs are bound only by `emails_per_recipient` and `unfinished_batches`, the operator only by the latter. */
export interface Quotas {
  /** Organizations a user has created, except deleted ones. */
  organizations_per_user: Quota;
  /** Invitations a user has emailed in 24 hours, resent ones included. */
  invitations_per_user: Quota;
  /** Pending invitations of one organization. */
  pending_per_organization: Quota;
  /** Invitations emailed to one address in 24 hours. One organization or user may use three tenths of it. */
  emails_per_recipient: Quota;
  /** Resources of one kind, such as addresses, that a user has added in 24 hours. */
  resources_per_user: Quota;
  /** Queued or running batches of one organization. */
  unfinished_batches: Quota;
}

export type Quota = number | "unlimited";

export const DEFAULT_QUOTAS = {
  organizations_per_user: 50,
  invitations_per_user: 1_000,
  pending_per_organization: 1_000,
  emails_per_recipient: 10,
  resources_per_user: 1_000,
  unfinished_batches: 10,
} as const satisfies Quotas;

/** Makes the SQL of a quota, null without a limit. @param settings SQL of an environment's settings. */
export function quotaSql(settings: string, name: keyof Quotas): string {
  return `nullif(coalesce(${settings}->'quotas'->>'${name}', '${DEFAULT_QUOTAS[name]}'), 'unlimited')::int`;
}
