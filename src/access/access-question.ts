import type { EnvironmentSettings } from "../models/environment.ts";

/** A request's environment and caller, and what the caller may do there, as found in one round trip. */
export interface AccessRow {
  environment_id: string;
  handle: string;
  settings: EnvironmentSettings;
  session_id: string | null;
  user_id: string | null;
  email_canonical: string | null;
  email_verified: boolean;
  /** The API client of the access token, if it still exists in this environment, and the scopes it has now. */
  client_id: string | null;
  client_scopes: string[] | null;
  /** The permissions of the user's roles in the environment, which count in every organization. */
  environment_permissions: string[];
  /** Null also for an organization of another environment or one being deleted. */
  organization_id: string | null;
  is_owner: boolean;
  membership_id: string | null;
  /** Everything the user may do in that organization. */
  organization_permissions: string[];
  /** Whether a role there has `members:manage`, even if the organization leaves that to its owner. */
  has_members_manage: boolean;
}

/** The row if there is no such environment: nobody, with no permissions anywhere. */
export const NO_ACCESS: AccessRow = {
  environment_id: "",
  handle: "",
  settings: {},
  session_id: null,
  user_id: null,
  email_canonical: null,
  email_verified: false,
  client_id: null,
  client_scopes: null,
  environment_permissions: [],
  organization_id: null,
  is_owner: false,
  membership_id: null,
  organization_permissions: [],
  has_members_manage: false,
};

/** What a request can name an organization by: its own id, or something that belongs to it. */
export type BelongsTo =
  | "organization"
  | "invitation"
  | "membership"
  | "membershipRole"
  | "role"
  | "rolePermission"
  | "invitationBatch"
  | "resource";

/** The organization whose permissions count, or something that belongs to it. Null if the request names none. */
export type Named = { [By in BelongsTo]?: string | undefined } | null;

export interface AccessQuestion {
  /** Handles to try, in order. Empty if the environment is that of an invitation. */
  environments: string[];
  /** The invitation whose environment is meant. Its link works under any name of the service. */
  environmentOf: string | null;
  sessionHash: Buffer | null;
  /** The client of a verified access token. */
  clientId: string | null;
  organization: Named;
}
