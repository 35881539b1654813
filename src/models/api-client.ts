import { BaseModel } from "./base-model.ts";

/** A program of the team's own that exchanges its secret for access tokens. Its id is its `client_id`. */
export class ApiClient extends BaseModel {
  static override tableName = "api_clients";

  declare name: string;
  declare secret_hash: Buffer;
  declare scopes: string[];
  declare last_used_at: Date | null;
}
