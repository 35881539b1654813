import { tooManyRequests } from "../errors.ts";
import { networkOf } from "../lib/network-of.ts";
import { remember } from "../lib/remember.ts";

/**
 * How many requests a caller may make in how many seconds. The limits apply to sessions, and per address to wrong
 * links, secrets and credentials. The operator and holders of valid links and secrets are never limited.
 */
export const LIMITS = {
  read: { requests: 600, seconds: 60 },
  write: { requests: 300, seconds: 60 },
  invite: { requests: 60, seconds: 60, perOrganization: "invite_organization" },
  /** Counts all members of an organization together. */
  invite_organization: { requests: 300, seconds: 60 },
  /** Requests whose response reveals whether an address has a user. */
  add_member: { requests: 100, seconds: 86_400 },
  /** Requests with an `Idempotency-Key`, whose responses are stored for days. */
  keyed: { requests: 5_000, seconds: 86_400 },
  wrong_link: { requests: 30, seconds: 60 },
  wrong_secret: { requests: 30, seconds: 60 },
  /** Unknown tokens. The limit is higher because one address may serve a whole office whose sessions end in the morning. */
  wrong_credential: { requests: 100, seconds: 60 },
} as const satisfies Record<string, Limit>;

export interface Limit {
  requests: number;
  seconds: number;
  /** A second limit, which counts the same requests per organization. */
  perOrganization?: "invite_organization";
}

export type LimitName = keyof typeof LIMITS;

/** The most callers to remember. The oldest windows are forgotten first. */
const REMEMBERED = 50_000;

export type RateLimiter = ReturnType<typeof createRateLimiter>;

/**
 * Counts in fixed windows in this process's memory. The limits only prevent abuse, so they aren't worth a round trip.
 * With n processes a caller may make at most n times as many requests.
 * @param now milliseconds, injected by tests.
 */
export function createRateLimiter(now: () => number = Date.now) {
  const windows = new Map<string, { count: number; endsAt: number }>();

  function currentWindow(key: string, seconds: number) {
    const known = windows.get(key);
    if (known !== undefined && known.endsAt > now()) return known;
    const window = { count: 0, endsAt: now() + seconds * 1_000 };
    remember(windows, key, window, REMEMBERED);
    return window;
  }

  return {
    /**
     * Counts one request.
     * @param who a user's id or an IP address, grouped by `networkOf`.
     * @throws 429 with `Retry-After` if the window is used up.
     */
    count(limit: LimitName, who: string): void {
      const { requests, seconds } = LIMITS[limit];
      const window = currentWindow(`${limit}:${networkOf(who)}`, seconds);
      window.count += 1;
      if (window.count > requests) throw tooManyRequests(Math.ceil((window.endsAt - now()) / 1_000));
    },
    /** Throws the same error if the window is already used up. Counts nothing. */
    refuseUsedUp(limit: LimitName, who: string): void {
      const window = windows.get(`${limit}:${networkOf(who)}`);
      if (window === undefined || window.count < LIMITS[limit].requests || window.endsAt <= now()) return;
      throw tooManyRequests(Math.ceil((window.endsAt - now()) / 1_000));
    },
  };
}
