import type { Knex } from "knex";
import { type AccessQuestion, type AccessRow, NO_ACCESS } from "./access-question.ts";
import { askAccess } from "./ask-access.ts";

/**
 * Environment, session or API client, user and rights in one round trip.
 * @returns undefined when no such environment exists. An unknown, expired or revoked session leaves the user null, a
 *   deleted client the client.
 */
export async function resolveAccess(db: Knex, question: AccessQuestion): Promise<AccessRow | undefined> {
  const { run, values } = askAccess(question);
  const [found] = await run(db, values);
  return found && { ...NO_ACCESS, ...found };
}
