import { type Answered, fetchBounded } from "../lib/fetch-bounded.ts";
import type { Identity } from "./identity.ts";
import type { Presented } from "./identity-source.ts";
import { readValidation } from "./read-validation.ts";

/** Bytes of an answer at most. */
const ANSWER_LIMIT = 64 * 1024;
const NO = [401, 403, 404];

export interface AuthService {
  url: string;
  /** What it knows us by. */
  secret: string;
  /** Milliseconds an attempt may take; there are two at most. */
  timeout: number;
}

/**
 * Asks the team's auth service about a session, from server to server ("bridge validation").
 * @returns undefined when it says no.
 * @throws when it says neither yes nor no: ZodError for an unknown shape, TypeError for the network, and others.
 */
export async function askAuthService(
  service: AuthService,
  presented: Presented,
): Promise<Identity | undefined> {
  const { origin, pathname } = new URL(service.url);
  const { status, text } = await tryTwice(() => post(service, presented));
  if (NO.includes(status)) return undefined;
  if (status < 200 || status > 299) throw new Error(`the auth service answered ${status}`);
  return readValidation(parse(text), origin + pathname);
}

/** Once more when the network failed or the service did, as it does while it restarts. Who was silent stays silent. */
async function tryTwice(attempt: () => Promise<Answered>): Promise<Answered> {
  try {
    const answer = await attempt();
    if (answer.status < 500) return answer;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return attempt();
}

function post({ url, secret, timeout }: AuthService, { token, ip, ...more }: Presented): Promise<Answered> {
  const body = JSON.stringify({ session_id: token, ip_address: withoutPrefix(ip), ...more });
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/json",
    "X-Bridge-Secret": secret,
  };
  return fetchBounded(url, { method: "POST", headers, body }, { timeout, limit: ANSWER_LIMIT });
}

/** An IPv4 address is one however the server listens. */
function withoutPrefix(ip: string): string {
  return ip.replace(/^::ffff:(?=[\d.]+$)/i, "");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not its own error, which cites the answer.
    throw new Error("the auth service answered no JSON");
  }
}
