import type { Context } from "../context.ts";
import type { EndpointRequest } from "../http/endpoint.ts";
import type { AccessQuestion, AccessRow } from "./access-question.ts";
import type { Credentials } from "./credentials.ts";
import { findAccess } from "./find-access.ts";
import { fingerprint, type Presented } from "./identities/identity.ts";
import { signInWithIdentity } from "./identities/sign-in-with-identity.ts";
import { mayBeForeign } from "./identities/validated-sessions.ts";

type Asking = Pick<EndpointRequest, "ip" | "headers"> & { requestId: string };

/**
 * Finds the caller. If a token has no session here, and another service may know it, asks that service. Anyone it
 * vouches for gets a session, which a second look finds. Asks even if there is no such environment; otherwise the
 * answer would show which environments exist.
 * @throws 503 if the service can't answer, 403 if it doesn't prove enough, 429 after too many wrong tokens from one
 *   address.
 */
export async function recognizeCaller(
  context: Context,
  question: AccessQuestion,
  credentials: Credentials,
  asking: Asking,
): Promise<AccessRow | undefined> {
  const found = await findAccess(context.db, question);
  if (credentials.foreign === null || (found !== undefined && found.session_id !== null)) return found;
  const signedIn = await askSource(context, found?.environment_id ?? null, credentials.foreign, asking);
  return signedIn ? findAccess(context.db, question) : found;
}

function askSource(
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
    return signInWithIdentity({ db }, identity, session, requestId);
  });
}
