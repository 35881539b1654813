import type { EnvironmentSettings } from "../models/environment.ts";

/** What is known of a request's caller after one round trip. */
export interface AccessRow {
  environment_id: string;
  handle: string;
  settings: EnvironmentSettings;
  session_id: string | null;
  user_id: string | null;
  email_canonical: string | null;
  email_verified: boolean;
  /** The API client that was asked for, while it exists in this environment; what it may do at most. */
  client_id: string | null;
  client_scopes: string[] | null;
  /** Of the user's roles in the environment, which count in every organization. */
  environment_permissions: string[];
  /** Null also for an organization of another environment or one being deleted. */
  organization_id: string | null;
  is_owner: boolean;
  membership_id: string | null;
  /** What the user may do in that organization, all told. */
  organization_permissions: string[];
  /** Whether a role there has `members:manage`, be it that the organization leaves that to its owner. */
  has_members_manage: boolean;
}

/** Where there is no environment: nobody, with no rights anywhere. */
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

/** By what a request may name an organization. */
export type BelongsTo =
  | "organization"
  | "invitation"
  | "membership"
  | "membershipRole"
  | "role"
  | "rolePermission"
  | "invitationBatch"
  | "resource";

/** What a request names whose organization's permissions count; null where it names nothing. */
export type Named = { [By in BelongsTo]?: string | undefined } | null;

export interface AccessQuestion {
  /** Handles to try, in order; none where an invitation says. */
  environments: string[];
  /** The invitation whose environment is meant, under whatever name of the service its link is opened. */
  environmentOf: string | null;
  sessionHash: Buffer | null;
  /** Of a verified access token. */
  clientId: string | null;
  /** The organization whose rights count, directly or by something that belongs to it. */
  organization: Named;
}
