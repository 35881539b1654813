import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, type EventType, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { hashToken, randomToken } from "../lib/random-token.ts";
import { ApiClient } from "../models/api-client.ts";
import type { Scope } from "./oauth/scopes.ts";

interface NewApiClient {
  environment_id: string;
  name: string;
  scopes: Scope[];
}

/**
 * Creates a client for a program of the team.
 * @returns the row, and the secret, which can't be read again.
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
    await recordEvents(trx, actor, [eventOf("api_client.created", client, { scopes })]);
    return { client, secret };
  });
}

/**
 * Changes a client's name or scopes. Existing tokens lose a removed scope at once. An added scope comes with the next
 * token.
 * @throws 404.
 */
export function updateApiClient(
  { db }: Pick<Context, "db">,
  { id, environment_id }: { id: string; environment_id: string },
  change: Partial<Omit<NewApiClient, "environment_id">>,
  actor: Actor,
): Promise<ApiClient> {
  return transaction(db, async (trx) => {
    const [client] = await ApiClient.query(trx)
      .patch(change)
      .where({ id, environment_id })
      .returning("*")
      .castTo<ApiClient[]>();
    if (client === undefined) throw notFound("API client");
    const data = { changed: Object.keys(change), scopes: client.scopes };
    await recordEvents(trx, actor, [eventOf("api_client.updated", client, data)]);
    return client;
  });
}

/**
 * Deletes a client. Its tokens end with it, because every request checks that the client exists.
 * @throws 404.
 */
export function deleteApiClient(
  { db }: Pick<Context, "db">,
  key: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const deleted = await ApiClient.query(trx).delete().where(key);
    if (deleted === 0) throw notFound("API client");
    await recordEvents(trx, actor, [eventOf("api_client.deleted", key)]);
  });
}

function eventOf(
  type: EventType,
  client: { id: string; environment_id: string },
  data: Record<string, unknown> = {},
) {
  const { id: subject_id, environment_id } = client;
  return { type, environment_id, organization_id: null, subject_id, data };
}
