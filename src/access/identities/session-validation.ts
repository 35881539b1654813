import { z } from "zod";
import { Refusal } from "../../errors.ts";
import { createFairGate, GateFull } from "../../lib/fair-gate.ts";
import { type Answered, causeOf, fetchBounded } from "../../lib/fetch-bounded.ts";
import { networkOf } from "../../lib/network-of.ts";
import { hashToken } from "../../lib/random-token.ts";
import { remember } from "../../lib/remember.ts";
import { readValidation } from "./claims.ts";
import type { Identity, IdentitySource, Presented } from "./identity.ts";

/** Limits concurrent questions, so that a hanging service can't use up our sockets, and one address can't use up all places. */
const QUESTIONS = { atOnce: 100, each: 20, waiting: 400, waitingEach: 80 };
/** How long refusals are remembered, and for how many tokens. */
const REFUSED = { milliseconds: 10_000, tokens: 10_000 };
/** Characters. Shorter and longer tokens are rejected without asking the service. */
const TOKEN = { shortest: 10, longest: 4_096 };
/** The most bytes of a response. */
const RESPONSE_LIMIT = 64 * 1024;
const NO = [401, 403, 404];

interface AuthService {
  url: string;
  /** Identifies Guildhall to the service. */
  secret: string;
  /** Milliseconds per attempt. There are at most two. */
  timeout: number;
}

/** Identifies people by a session of the team's auth service, by asking it about each session. */
export function createSessionValidation(service: AuthService): IdentitySource {
  const refused = createShortMemory(REFUSED.milliseconds, REFUSED.tokens);
  const gate = createFairGate({ ...QUESTIONS, patience: service.timeout });
  return {
    async identify(presented, mayAsk) {
      const { token, ip } = presented;
      if (token.length < TOKEN.shortest || token.length > TOKEN.longest) return undefined;
      // Only the token, because a caller can vary everything else with each request.
      const key = hashToken(token).toString("base64");
      if (refused.has(key)) return undefined;
      mayAsk();
      try {
        return await gate(networkOf(ip), async () => {
          // Things may have changed while this request waited.
          if (refused.has(key)) return undefined;
          mayAsk();
          const identity = await askAuthService(service, presented);
          if (identity === undefined) refused.add(key);
          return identity;
        });
      } catch (error) {
        throw error instanceof Refusal ? error : unavailable(describe(error));
      }
    },
  };
}

/**
 * Asks the team's auth service about a session, server to server ("bridge validation").
 * @returns undefined if it says no.
 * @throws if it says neither yes nor no: ZodError for an unknown shape, TypeError for the network, and others.
 */
async function askAuthService(service: AuthService, presented: Presented): Promise<Identity | undefined> {
  const { origin, pathname } = new URL(service.url);
  const { status, text } = await tryTwice(() => post(service, presented));
  if (NO.includes(status)) return undefined;
  if (status < 200 || status > 299) throw new Error(`the auth service answered ${status}`);
  return readValidation(parse(text), origin + pathname);
}

/** Retries once after a network error or a 5xx, in case the service restarts. Doesn't retry after a timeout. */
async function tryTwice(attempt: () => Promise<Answered>): Promise<Answered> {
  try {
    const response = await attempt();
    if (response.status < 500) return response;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return attempt();
}

function post({ url, secret, timeout }: AuthService, { token, ip, ...more }: Presented): Promise<Answered> {
  // IPv4 addresses look the same whether or not the server also listens on IPv6.
  const ip_address = ip.replace(/^::ffff:(?=[\d.]+$)/i, "");
  const body = JSON.stringify({ session_id: token, ip_address, ...more });
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/json",
    "X-Bridge-Secret": secret,
  };
  return fetchBounded(url, { method: "POST", headers, body }, { timeout, limit: RESPONSE_LIMIT });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The original error quotes the response.
    throw new Error("the auth service's response is not JSON");
  }
}

/** Describes an error for the log. Says where a response is wrong, without quoting it. */
function describe(error: unknown): unknown {
  if (error instanceof GateFull) return new Error("too many questions to the auth service at once");
  if (!(error instanceof z.ZodError)) return causeOf(error);
  const places = error.issues.map(({ path }) => path.join(".") || "the whole");
  return new Error(`the auth service's response has an unknown shape: see ${places.join(", ")}`);
}

function unavailable(cause: unknown): Refusal {
  const detail =
    "The service that knows your session is not available right now. You are still signed in: try again shortly.";
  return new Refusal(
    503,
    [{ code: "session_validation_unavailable", detail }],
    { "Retry-After": "2" },
    { cause },
  );
}

/**
 * Remembers at most `size` keys for some time, and forgets the oldest first.
 * @param milliseconds how long it remembers a key. @param now milliseconds, injected by tests.
 */
export function createShortMemory(milliseconds: number, size: number, now: () => number = Date.now) {
  const endsAt = new Map<string, number>();
  return {
    has: (key: string) => (endsAt.get(key) ?? 0) > now(),
    add(key: string): void {
      remember(endsAt, key, now() + milliseconds, size);
    },
  };
}
