import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { ApiClient } from "../models/api-client.ts";
import type { NewApiClient } from "./create-api-client.ts";

export type ApiClientChange = Partial<Omit<NewApiClient, "environment_id">>;

/**
 * Changes a client's name or scopes; what is not given stays. A scope taken away is gone from its tokens at once, one
 * given comes with its next token.
 * @throws 404.
 */
export function updateApiClient(
  { db }: Pick<Context, "db">,
  { id, environment_id }: { id: string; environment_id: string },
  change: ApiClientChange,
  actor: Actor,
): Promise<ApiClient> {
  return transaction(db, async (trx) => {
    const [client] = await ApiClient.query(trx)
      .patch(change)
      .where({ id, environment_id })
      .returning("*")
      .castTo<ApiClient[]>();
    if (client === undefined) throw notFound("API client");
    await recordEvents(trx, actor, [
      {
        type: "api_client.updated",
        environment_id,
        organization_id: null,
        subject_id: id,
        data: { changed: Object.keys(change), scopes: client.scopes },
      },
    ]);
    return client;
  });
}
