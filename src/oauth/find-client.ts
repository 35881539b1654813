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
export const findClient = statement<FoundClient>(
  "find-client",
  `
  select e.id as environment_id, e.handle, c.id as client_id, c.secret_hash, c.scopes
  from (
    select * from environments
    where handle = any ($1::text[])
    order by array_position($1::text[], handle) limit 1
  ) e
  left join api_clients c on c.environment_id = e.id and c.id = $2`,
);

/** Notes that a client was at work, at most once a minute: it says when, not how often. */
export const touchClient = statement<never>(
  "touch-client",
  `
  update api_clients set last_used_at = now()
  where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
);
