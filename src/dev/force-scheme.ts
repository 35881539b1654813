export type Scheme = "light" | "dark";

/**
 * Shows HTML in one colour scheme, whatever the machine prefers: two frames of one page can't prefer two. The
 * condition of the dark style becomes one that is always true, or never.
 */
export function forceScheme(html: string, scheme: Scheme): string {
  const condition = scheme === "dark" ? "(min-width: 0)" : "(max-width: 0)";
  return html
    .replaceAll("(prefers-color-scheme: dark)", condition)
    .replaceAll("color-scheme: light dark", `color-scheme: ${scheme}`)
    .replaceAll('content="light dark"', `content="${scheme}"`);
}
