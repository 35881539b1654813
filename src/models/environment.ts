import { BaseModel } from "./base-model.ts";
import type { MemberManagement } from "./organization.ts";
import type { Quotas } from "./quotas.ts";

export interface EnvironmentSettings {
  /** Days an invitation is valid unless its creator chooses an expiry. Default 7. */
  invitation_lifetime_days?: number;
  /** The sender's name in emails. Default: the environment's name. */
  from_name?: string;
  /** The language of emails and pages. Default `en`. */
  locale?: string;
  /** The page people continue to after accepting. */
  redirect_url?: string;
  /** Days after the email on which an unanswered invitation is followed by a reminder. Default 2 and 5; empty: none. */
  reminder_days?: number[];
  /** The notices an inviter gets by email. Default: all. */
  notify_inviter?: { accepted?: boolean; declined?: boolean; expired?: boolean; undelivered?: boolean };
  /** Limits for people; the defaults are in `DEFAULT_QUOTAS`. */
  quotas?: { [Name in keyof Quotas]?: Quotas[Name] | null | undefined };
  /** Days a user can't send invitations after one was reported as spam. Default 1; 0: no pause. */
  complaint_pause_days?: number;
  /** Whether people add members at once or invite them. Default `direct`. */
  member_adding?: "direct" | "invite";
  /** The value for new organizations that don't choose one. Default `owner`. */
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
