/** A word or an id. Tokens of links and sessions are longer. */
const PLAIN = /^[\w.-]{1,40}$/;

/**
 * Returns the part of a request's path that is safe to log: words and ids, up to the first segment that is anything else
 * or follows the `/i/` or `/u/` of a link. Does not depend on the router, because a mistyped link still holds its token.
 */
export function harmlessPath(path: string): string {
  const shown: string[] = [];
  for (const segment of path.split("/").filter((text) => text !== "")) {
    const isLink = /^[iu]$/i.test(shown.at(-1) ?? "");
    if (isLink || !PLAIN.test(segment)) return `/${[...shown, "…"].join("/")}`;
    shown.push(/^[iu]$/i.test(segment) ? segment.toLowerCase() : segment);
  }
  return `/${shown.join("/")}`;
}
