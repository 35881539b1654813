import type { Caller } from "../http/caller.ts";
import type { AccessRow } from "../sessions/access-question.ts";
import type { Grant } from "./access-tokens.ts";
import { audiencesOf } from "./audiences.ts";

/**
 * The caller a verified token stands for: nobody when it was made for another environment or audience, or its client
 * is gone. It may do what it was granted, as far as the client still may.
 */
export function clientCaller(
  { client_id, environment, scopes, audience }: Grant,
  row: AccessRow,
  publicUrl: string,
): Caller {
  const counts =
    row.client_id === client_id &&
    row.environment_id === environment &&
    audiencesOf(publicUrl, row.handle).includes(audience);
  if (!counts) return { kind: "nobody" };
  return { kind: "client", client_id, scopes: scopes.filter((scope) => row.client_scopes?.includes(scope)) };
}
