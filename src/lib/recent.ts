/**
 * Spares work that was done a moment ago: whoever asks while it is under way, or shortly after it ended, has its one
 * result, however it ended.
 * @param milliseconds for how long after its end a result is good enough.
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
