import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { ApiClient } from "../models/api-client.ts";

/**
 * Deletes a client. Its tokens end with it: every request asks whether the client still exists.
 * @throws 404.
 */
export function deleteApiClient(
  { db }: Pick<Context, "db">,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const deleted = await ApiClient.query(trx).delete().where({ id, environment_id });
    if (deleted === 0) throw notFound("API client");
    await recordEvents(trx, actor, [
      { type: "api_client.deleted", environment_id, organization_id: null, subject_id: id },
    ]);
  });
}
