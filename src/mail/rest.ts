/** Milliseconds of the first rest; each that follows is twice as long, up to the longest. */
const FIRST = 1_000;
const LONGEST = 10_000;
/** Milliseconds after which the next email is tried, though the one before has come to no end. */
const NEXT_TRIAL = 10_000;

/**
 * While the mail server takes no mail at all, the SMTP lanes rest, and one email at a time tries whether that is over: a
 * server in trouble is not stormed, and one that is well again is found within seconds.
 */
export interface Rest {
  /** How many deliveries may be claimed where there is room for so many: all, none, or one that tries. */
  admits(room: number): number;
  resting(): boolean;
  /** An attempt that began then met trouble. Attempts from before the rest tell nothing new. */
  begin(began: number): void;
  /** The server takes mail. */
  end(): void;
  /** There was no email to try with. */
  untried(): void;
  stop(): void;
}

/** @param wake is called when it is time to try, and when the rest is over. */
export function createRest(wake: () => void): Rest {
  let failures = 0;
  let began = 0;
  let mayTry = false;
  let timer: NodeJS.Timeout | undefined;

  function tryIn(milliseconds: number): void {
    mayTry = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      mayTry = true;
      wake();
    }, milliseconds).unref();
  }

  return {
    admits(room) {
      if (failures === 0) return room;
      if (!mayTry) return 0;
      tryIn(NEXT_TRIAL);
      return Math.min(room, 1);
    },
    resting: () => failures > 0,
    begin(attemptBegan) {
      if (failures > 0 && attemptBegan < began) return;
      tryIn(Math.min(FIRST * 2 ** failures, LONGEST));
      failures += 1;
      began = performance.now();
    },
    end() {
      if (failures === 0) return;
      failures = 0;
      clearTimeout(timer);
      wake();
    },
    untried() {
      mayTry = failures > 0;
    },
    stop: () => clearTimeout(timer),
  };
}
