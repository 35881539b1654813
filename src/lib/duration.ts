const MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads `500ms`, `15s`, `5m`, `2h` or `7d`.
 * @returns milliseconds, at least 1; undefined when the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
  const factor = match?.[2] === undefined ? undefined : MILLISECONDS[match[2]];
  if (match?.[1] === undefined || factor === undefined) return undefined;
  const duration = Number(match[1]) * factor;
  return duration > 0 ? duration : undefined;
}
