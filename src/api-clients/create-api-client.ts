import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { hashToken, randomToken } from "../lib/random-token.ts";
import { ApiClient } from "../models/api-client.ts";
import type { Scope } from "../oauth/scopes.ts";

export interface NewApiClient {
  environment_id: string;
  name: string;
  scopes: Scope[];
}

/**
 * Makes a program of the team's own known.
 * @returns the row, and the secret: the only time it is ever seen.
 */
export function createApiClient(
  { db }: Pick<Context, "db">,
  { environment_id, name, scopes }: NewApiClient,
  actor: Actor,
): Promise<{ client: ApiClient; secret: string }> {
  const secret = randomToken();
  return transaction(db, async (trx) => {
    const client = await ApiClient.query(trx)
      .insert({ id: newId("client"), environment_id, name, scopes, secret_hash: hashToken(secret) })
      .returning("*");
    await recordEvents(trx, actor, [
      {
        type: "api_client.created",
        environment_id,
        organization_id: null,
        subject_id: client.id,
        data: { scopes },
      },
    ]);
    return { client, secret };
  });
}
