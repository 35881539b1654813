import { BaseModel } from "./base-model.ts";
import type { MemberManagement } from "./organization.ts";
import type { Quotas } from "./quotas.ts";

export interface EnvironmentSettings {
  /** How long an invitation is valid when its creator says nothing. Default 7. */
  invitation_lifetime_days?: number;
  /** The name mails come from. Default: the environment's name. */
  from_name?: string;
  /** Language of mails and pages. Default `en`. */
  locale?: string;
  /** Where a person goes on to after accepting. */
  redirect_url?: string;
  /** How many days after its mail an unanswered invitation is brought to mind. Default 2 and 5; none: empty. */
  reminder_days?: number[];
  /** What the inviter hears by email. Default: all of it. */
  notify_inviter?: { accepted?: boolean; declined?: boolean; expired?: boolean; undelivered?: boolean };
  /** How much people may do; defaults in `DEFAULT_QUOTAS`. */
  quotas?: { [Name in keyof Quotas]?: Quotas[Name] | null | undefined };
  /** Days a user sends no invitations after somebody reported one as spam. Default 1; 0: they go on. */
  complaint_pause_days?: number;
  /** Whether people make others members at once or invite them. Default `direct`. */
  member_adding?: "direct" | "invite";
  /** That of a new organization which doesn't say. Default `owner`. */
  member_management?: MemberManagement;
}

/** A tenant. */
export class Environment extends BaseModel {
  static override tableName = "environments";
  static readonly DEFAULT_INVITATION_LIFETIME_DAYS = 7;

  declare handle: string;
  declare name: string;
  declare settings: EnvironmentSettings;
}
