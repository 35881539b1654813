const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** How long ago, in the largest unit that fits: "3 minutes ago". */
export function formatAge(date: Date, now: Date): string {
  const seconds = (now.getTime() - date.getTime()) / 1000;
  const fitting = UNITS.find(([, length]) => seconds >= length);
  return fitting ? relative.format(-Math.floor(seconds / fitting[1]), fitting[0]) : "just now";
}
