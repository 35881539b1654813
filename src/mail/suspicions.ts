import { remember } from "../lib/remember.ts";

/** How often other emails must be accepted between refusals. Words about us, or about a rate, need more rounds to be outweighed. */
const ROUNDS = { doubt: 1, us: 5 };
/** The number of doubtful refusals after which an email waits longer each time, if no other email was refused. */
const ALONE = 3;
/** The most emails and domains to remember. */
const MOST = 1_000;

interface Suspect {
  id: string;
  /** The recipient's address. */
  email: string;
}

interface Case {
  refusedAt: number;
  /** When an attempt that began after the refusal was accepted. */
  othersAcceptedAt?: number;
  rounds: number;
  refusals: number;
}

export type Suspicions = ReturnType<typeof createSuspicions>;

/**
 * Distinguishes refusals of one email from refusals of everything we send, if the reply leaves that open: by whether
 * other emails are accepted in between. Everything is in memory. After a restart, a process just asks the server once
 * more.
 */
export function createSuspicions(now: () => number = () => performance.now()) {
  const cases = new Map<string, Case>();
  /** Emails refused since one was accepted. Remembers at most two, because more make no difference. */
  const refusedSince = new Set<string>();

  function addRefusal(key: string, began: number): Case {
    const before = cases.get(key) ?? { refusedAt: 0, rounds: 0, refusals: 0 };
    // A round is: refused, then others accepted, then refused again. If the server changed its mind while several
    // attempts were in progress, that doesn't count.
    const isRound = before.othersAcceptedAt !== undefined && before.othersAcceptedAt < began;
    const next = { refusedAt: now(), rounds: before.rounds + Number(isRound), refusals: before.refusals + 1 };
    remember(cases, key, next, MOST);
    return next;
  }

  return {
    /** Records that an email was accepted. @param began when its attempt began, by `performance.now()`. */
    accepted({ id, email }: Suspect, began: number): void {
      refusedSince.clear();
      cases.delete(id);
      cases.delete(domainOf(email));
      for (const suspect of cases.values()) {
        if (suspect.refusedAt <= began) suspect.othersAcceptedAt ??= now();
      }
    },
    /**
     * Records that an email was refused, and that it isn't certain whose fault that is.
     * @param inDoubt whether it may just as well be the email's own fault, and not about us.
     * @returns `own` if others were accepted in between; `alone` if no other email was refused.
     */
    refused({ id, email }: Suspect, began: number, inDoubt: boolean): "own" | "alone" | undefined {
      if (refusedSince.size < 2) refusedSince.add(id);
      const own = addRefusal(id, began);
      const domain = addRefusal(domainOf(email), began);
      if (Math.max(own.rounds, domain.rounds) >= (inDoubt ? ROUNDS.doubt : ROUNDS.us)) return "own";
      return inDoubt && refusedSince.size === 1 && own.refusals >= ALONE ? "alone" : undefined;
    },
    /** Returns the domains of recipients that were refused and haven't been accepted since. */
    domains: (): string[] => [...cases.keys()].filter((key) => key.startsWith("@")),
  };
}

function domainOf(email: string): string {
  return email.replace(/^.*@/, "@").toLowerCase();
}
