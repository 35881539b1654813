import { BaseModel } from "./base-model.ts";

export interface EnvironmentSettings {
  /** How long an invitation is valid when its creator says nothing. Default 7. */
  invitation_lifetime_days?: number;
  /** The name mails come from. Default: the environment's name. */
  from_name?: string;
  /** Language of mails and pages. Default `en`. */
  locale?: string;
  /** Where a person goes on to after accepting. */
  redirect_url?: string;
}

/** A tenant. */
export class Environment extends BaseModel {
  static override tableName = "environments";
  static readonly DEFAULT_INVITATION_LIFETIME_DAYS = 7;

  declare handle: string;
  declare name: string;
  declare settings: EnvironmentSettings;
}
