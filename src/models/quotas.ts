/** How much people may do. Only `emails_per_recipient` and `unfinished_batches` bind programs, and only the latter the operator. */
export interface Quotas {
  /** Organizations a user has created and nobody has deleted. */
  organizations_per_user: Quota;
  /** Invitations a user has emailed in 24 hours, resent ones included. */
  invitations_per_user: Quota;
  /** Invitations of one organization that are pending. */
  pending_per_organization: Quota;
  /** Invitations an address is emailed in 24 hours. One organization or user has three tenths of it. */
  emails_per_recipient: Quota;
  /** Customers, addresses, payment methods, subscriptions and payments, each kind by itself, that a user has added in 24 hours. */
  resources_per_user: Quota;
  /** Batches of one organization that are queued or running. */
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

/** SQL of a quota; null where there is no limit. @param settings the expression that has an environment's settings. */
export function quotaSql(settings: string, name: keyof Quotas): string {
  return `nullif(coalesce(${settings}->'quotas'->>'${name}', '${DEFAULT_QUOTAS[name]}'), 'unlimited')::int`;
}
