/**
 * Tells one email's own refusals from trouble with everything we send, where the reply leaves that open: by whether other
 * emails are accepted meanwhile. Kept in memory; a process that forgets it asks the server once more, and that is all.
 */
export interface Suspicions {
  /** An email was accepted. @param began when its attempt began, in milliseconds of `performance.now()`. */
  accepted(email: Suspect, began: number): void;
  /**
   * An email was refused, and whose fault that is can't be said for sure.
   * @param doubt it may as well be the email's own, and not about us.
   * @returns `own` once others have been accepted meanwhile, `alone` where no other email has met any trouble.
   */
  refused(email: Suspect, began: number, doubt: boolean): "own" | "alone" | undefined;
  /** Domains of recipients that were refused and not accepted since. */
  domains(): string[];
}

export interface Suspect {
  id: string;
  /** The address it is to. */
  email: string;
}

/**
 * How often others must have been accepted between two refusals. Words about us, or about a rate, count for more than a
 * few that got through.
 */
const ROUNDS = { doubt: 1, us: 5 };
/** Doubtful refusals after which an email waits longer each time, when no other email has met any. */
const ALONE = 3;
/** Emails and domains remembered. */
const MOST = 1_000;

interface Case {
  refusedAt: number;
  /** When an attempt that began after the refusal was accepted. */
  othersAcceptedAt?: number;
  rounds: number;
  refusals: number;
}

export function createSuspicions(now: () => number = () => performance.now()): Suspicions {
  const cases = new Map<string, Case>();
  /** Emails refused since one was accepted; two are as good as many. */
  const refusedSince = new Set<string>();

  function again(key: string, began: number): Case {
    const before = cases.get(key) ?? { refusedAt: 0, rounds: 0, refusals: 0 };
    // Refused, then others accepted, then refused again: one after the other, so that no change of the server's mind
    // while several were under way counts.
    const isRound = before.othersAcceptedAt !== undefined && before.othersAcceptedAt < began;
    const next = { refusedAt: now(), rounds: before.rounds + Number(isRound), refusals: before.refusals + 1 };
    cases.delete(key);
    cases.set(key, next);
    const [oldest] = cases.keys();
    if (cases.size > MOST && oldest !== undefined) cases.delete(oldest);
    return next;
  }

  return {
    accepted({ id, email }, began) {
      refusedSince.clear();
      cases.delete(id);
      cases.delete(domainOf(email));
      for (const suspect of cases.values()) {
        if (suspect.refusedAt <= began) suspect.othersAcceptedAt ??= now();
      }
    },
    refused({ id, email }, began, doubt) {
      if (refusedSince.size < 2) refusedSince.add(id);
      const own = again(id, began);
      const domain = again(domainOf(email), began);
      if (Math.max(own.rounds, domain.rounds) >= (doubt ? ROUNDS.doubt : ROUNDS.us)) return "own";
      return doubt && refusedSince.size === 1 && own.refusals >= ALONE ? "alone" : undefined;
    },
    domains: () => [...cases.keys()].filter((key) => key.startsWith("@")),
  };
}

function domainOf(email: string): string {
  return email.replace(/^.*@/, "@").toLowerCase();
}
