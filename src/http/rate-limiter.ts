import { tooManyRequests } from "../errors.ts";
import { networkOf } from "../lib/network-of.ts";

/**
 * How often one caller may do it, in how many seconds. The limits apply to sessions, and by address to wrong links,
 * secrets and credentials. The operator has no limit, and neither has a genuine link or secret: nobody guesses those.
 */
export const LIMITS = {
  read: { requests: 600, seconds: 60 },
  write: { requests: 300, seconds: 60 },
  invite: { requests: 60, seconds: 60, perOrganization: "invite_organization" },
  /** All its members together. */
  invite_organization: { requests: 300, seconds: 60 },
  /** Answers that say whether an address has a user. */
  add_member: { requests: 100, seconds: 86_400 },
  /** Requests with an `Idempotency-Key`: their answers are kept for days. */
  keyed: { requests: 5_000, seconds: 86_400 },
  wrong_link: { requests: 30, seconds: 60 },
  wrong_secret: { requests: 30, seconds: 60 },
  /** Tokens that are nobody's. More, for an address may be that of a whole office whose sessions end in the morning. */
  wrong_credential: { requests: 100, seconds: 60 },
} as const satisfies Record<string, Limit>;

export interface Limit {
  requests: number;
  seconds: number;
  /** The limit that counts the same requests for the organization they are about. */
  perOrganization?: "invite_organization";
}

export type LimitName = keyof typeof LIMITS;

/** Callers remembered at most; beyond that the oldest windows are forgotten first. */
const REMEMBERED = 50_000;

export interface RateLimiter {
  /**
   * Counts one request.
   * @param who a user's id or an IP address, which counts as `networkOf` says.
   * @throws 429 with `Retry-After` when the window is used up.
   */
  count(limit: LimitName, who: string): void;
  /** The same when the window is used up already; counts nothing. */
  refuseUsedUp(limit: LimitName, who: string): void;
}

/**
 * Fixed windows, in this process's memory: what is limited is a nuisance, not a rule of the domain, so it is not worth a
 * round trip. With n processes a caller gets at most n times as much.
 * @param now milliseconds, injected by tests.
 */
export function createRateLimiter(now: () => number = Date.now): RateLimiter {
  const windows = new Map<string, { count: number; endsAt: number }>();

  function currentWindow(key: string, seconds: number) {
    const known = windows.get(key);
    if (known !== undefined && known.endsAt > now()) return known;
    const window = { count: 0, endsAt: now() + seconds * 1_000 };
    windows.delete(key);
    windows.set(key, window);
    if (windows.size > REMEMBERED) windows.delete(windows.keys().next().value ?? "");
    return window;
  }

  return {
    count(limit, who) {
      const { requests, seconds } = LIMITS[limit];
      const window = currentWindow(`${limit}:${networkOf(who)}`, seconds);
      window.count += 1;
      if (window.count > requests) throw tooManyRequests(Math.ceil((window.endsAt - now()) / 1_000));
    },
    refuseUsedUp(limit, who) {
      const window = windows.get(`${limit}:${networkOf(who)}`);
      if (window === undefined || window.count < LIMITS[limit].requests || window.endsAt <= now()) return;
      throw tooManyRequests(Math.ceil((window.endsAt - now()) / 1_000));
    },
  };
}
