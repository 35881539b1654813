/** The actions an access token can allow, by resource. API clients and environments are for the operator alone. */
const ACTIONS = {
  users: ["read", "write", "delete"],
  sessions: ["read", "write", "delete"],
  organizations: ["read", "write", "delete"],
  memberships: ["read", "write", "delete"],
  membership_roles: ["read", "write", "delete"],
  invitations: ["read", "write", "delete"],
  // Separate from invitations: anyone who has a link can prove the invited address with it.
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

/** Every `resource:action`. */
export const SCOPES = Object.entries(ACTIONS).flatMap(([resource, actions]) =>
  actions.map((action) => `${resource}:${action}` as Scope),
);
