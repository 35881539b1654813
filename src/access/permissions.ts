/**
 * The permissions that every environment starts with. Environments may add permissions and roles of their own, and
 * may give more permissions to admin, billing and member, but can't remove any of these. Owners have every permission
 * except the environment-only ones (migration 0022).
 */
export const PERMISSIONS = {
  "organization:read": "See the organization",
  "organization:update": "Change the organization's details",
  "organization:delete": "Delete the organization",
  "members:read": "See members and invitations",
  "members:manage": "Invite, add, change and remove members",
  "payments:read": "See payments and customers",
  "payments:manage": "Manage payments and customers",
  "subscriptions:read": "See subscriptions",
  "subscriptions:manage": "Manage subscriptions",
  "payment_methods:read": "See payment methods",
  "payment_methods:manage": "Manage payment methods",
  "addresses:read": "See addresses",
  "addresses:manage": "Manage addresses",
  "events:read": "See what happened",
  "roles:manage":
    "Create, change and delete roles: an organization's own, or in the environment all, and permissions",
  // The rest are ENVIRONMENT_ONLY: they count only in a role given to the user in the environment.
  "users:read": "See every user of the environment, and their roles",
  "users:manage": "Create, change and delete users, and give them roles",
  "sessions:read": "See every session",
  "sessions:manage": "Start and end everybody's sessions",
} as const;

export type Permission = keyof typeof PERMISSIONS;
/** Permissions that have no effect in an organization. */
export const ENVIRONMENT_ONLY: readonly string[] = [
  "users:read",
  "users:manage",
  "sessions:read",
  "sessions:manage",
] satisfies Permission[];
export type SystemRoleName = "owner" | "admin" | "billing" | "member";

const READ: Permission[] = [
  "organization:read",
  "members:read",
  "payments:read",
  "subscriptions:read",
  "payment_methods:read",
  "addresses:read",
];
const MANAGE_BILLING: Permission[] = [
  "payments:manage",
  "subscriptions:manage",
  "payment_methods:manage",
  "addresses:manage",
];

export const SYSTEM_ROLES: Record<SystemRoleName, { description: string; permissions: Permission[] }> = {
  owner: {
    description: "Complete access; exactly one per organization",
    permissions: [
      ...READ,
      ...MANAGE_BILLING,
      "events:read",
      "roles:manage",
      "members:manage",
      "organization:update",
      "organization:delete",
    ],
  },
  admin: {
    description: "Everything but deleting the organization",
    // `members:manage` counts only where organizations.member_management is `owner_and_admins`.
    permissions: [...READ, ...MANAGE_BILLING, "events:read", "members:manage", "organization:update"],
  },
  billing: { description: "Manages what is paid and how", permissions: [...READ, ...MANAGE_BILLING] },
  member: { description: "Sees everything, changes nothing", permissions: READ },
};
