import { BaseModel } from "./base-model.ts";

/** What an organization may share: created by somebody, who stays its owner when the organization is gone. */
export abstract class SharedResource extends BaseModel {
  declare user_id: string;
  /** Null: the creator's own. */
  declare organization_id: string | null;
  declare metadata: Record<string, unknown>;
}
