/**
 * Shares recent work: anyone who asks while it runs, or shortly after, gets the same result or error.
 * @param milliseconds how long after its end a result still counts.
 * @param now milliseconds, injected by tests.
 */
export function recent<Result>(
  milliseconds: number,
  work: () => Promise<Result>,
  now: () => number = () => performance.now(),
): () => Promise<Result> {
  let latest: { result: Promise<Result>; goodUntil: number } | undefined;
  return () => {
    if (latest !== undefined && now() < latest.goodUntil) return latest.result;
    const begun = { result: work(), goodUntil: Number.POSITIVE_INFINITY };
    const end = () => {
      begun.goodUntil = now() + milliseconds;
    };
    begun.result.then(end, end);
    latest = begun;
    return begun.result;
  };
}
