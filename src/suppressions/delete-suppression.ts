import type { Context } from "../context.ts";
import { notFound } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { deleteSuppressions } from "./delete-suppressions.ts";

/** Lifts one suppression. @throws 404. */
export async function deleteSuppression(
  context: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  const lifted = await deleteSuppressions(context, { ids: [id], environment_id }, actor);
  if (lifted === 0) throw notFound("suppression");
}
