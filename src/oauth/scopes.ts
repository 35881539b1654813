/** What an access token may allow, per resource: the whole catalogue on one screen. Clients and environments are the operator's. */
const ACTIONS = {
  users: ["read", "write", "delete"],
  sessions: ["read", "write", "delete"],
  organizations: ["read", "write", "delete"],
  memberships: ["read", "write", "delete"],
  membership_roles: ["read", "write", "delete"],
  invitations: ["read", "write", "delete"],
  // Apart from invitations: whoever takes a link can prove the invited address by it.
  invitation_links: ["write"],
  roles: ["read", "write", "delete"],
  role_permissions: ["read", "write", "delete"],
  permissions: ["read", "write", "delete"],
  user_roles: ["read", "write", "delete"],
  deliveries: ["read"],
  suppressions: ["read", "write", "delete"],
  events: ["read"],
  organization_deletions: ["read"],
  customers: ["read"],
  addresses: ["read"],
  payment_methods: ["read"],
  subscriptions: ["read", "write"],
  payments: ["read", "write"],
} as const;

type Resource = keyof typeof ACTIONS;
export type Scope = { [Name in Resource]: `${Name}:${(typeof ACTIONS)[Name][number]}` }[Resource];

/** `resource:action`, every one there is. */
export const SCOPES = Object.entries(ACTIONS).flatMap(([resource, actions]) =>
  actions.map((action) => `${resource}:${action}` as Scope),
);
