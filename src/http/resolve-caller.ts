import { enterWithIdentity } from "../access/identities/enter-with-identity.ts";
import { fingerprint, type Presented } from "../access/identities/identity.ts";
import { mayBeForeign } from "../access/identities/validated-sessions.ts";
import type { Context } from "../context.ts";
import type { AccessQuestion, AccessRow } from "../sessions/access-question.ts";
import { resolveAccess } from "../sessions/resolve-access.ts";
import type { Credentials } from "./credentials.ts";
import type { EndpointRequest } from "./endpoint.ts";

type Asking = Pick<EndpointRequest, "ip" | "headers"> & { requestId: string };

/**
 * As `resolveAccess`. Where that finds nobody for a token, and there is a service that may know it, the service is asked;
 * whoever it vouches for has a session from then on, which the second look finds. It is asked in just the same way where
 * there is no such environment, or its silence would tell which environments there are.
 * @throws 503 when the service can't say, 403 when its word is not enough, 429 after too many wrong tokens from one address.
 */
export async function resolveCaller(
  context: Context,
  question: AccessQuestion,
  credentials: Credentials,
  asking: Asking,
): Promise<AccessRow | undefined> {
  const found = await resolveAccess(context.db, question);
  if (credentials.foreign === null || (found !== undefined && found.session_id !== null)) return found;
  const entered = await enter(context, found?.environment_id ?? null, credentials.foreign, asking);
  return entered ? resolveAccess(context.db, question) : found;
}

function enter(
  { db, identities, limiter }: Context,
  environment_id: string | null,
  { token, tokenHash, source }: NonNullable<Credentials["foreign"]>,
  { ip, headers, requestId }: Asking,
): Promise<boolean> {
  const device = headers["x-device-id"];
  const user_agent = headers["user-agent"];
  const presented: Presented = {
    token,
    ip,
    user_agent,
    device_id: typeof device === "string" ? device : undefined,
  };
  return identities.once(`${environment_id} ${fingerprint(presented)}`, async () => {
    if (!(await mayBeForeign(db, environment_id, tokenHash))) return false;
    const identity = await source.identify(presented, () => limiter.refuseUsedUp("wrong_credential", ip));
    if (identity === undefined || environment_id === null) return false;
    const session = { environment_id, token_hash: tokenHash, ip, user_agent: user_agent ?? null };
    return enterWithIdentity({ db }, identity, session, requestId);
  });
}
