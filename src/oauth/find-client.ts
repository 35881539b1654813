import { statement } from "../db/statement.ts";

/** The environment a token request is about, and the client in it. */
export interface FoundClient {
  environment_id: string;
  handle: string;
  /** Null, as is what follows, when the environment has no such client. */
  client_id: string | null;
  secret_hash: Buffer | null;
  scopes: string[] | null;
}

/** By handles to try, in order, and the client's id. No row: there is no such environment. */
export const findClient = statement<FoundClient, { handles: string[]; id: string | null }>(
  "find-client",
  { handles: "text[]", id: "text" },
  `
  select e.id as environment_id, e.handle, c.id as client_id, c.secret_hash, c.scopes
  from (
    select * from environments
    where handle = any (:handles)
    order by array_position(:handles, handle) limit 1
  ) e
  left join api_clients c on c.environment_id = e.id and c.id = :id`,
);

/** Notes that a client was at work, at most once a minute: it says when, not how often. */
export const touchClient = statement<never, { id: string }>(
  "touch-client",
  { id: "text" },
  `
  update api_clients set last_used_at = now()
  where id = :id and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
);
