/** A word or an id. The tokens of links are longer, and so are sessions. */
const PLAIN = /^[\w.-]{1,40}$/;

/**
 * As much of a request's path as a log may hold: words and ids, up to the first segment that is anything else, and nothing
 * of what follows the `/i/` or `/u/` of a link. It doesn't depend on what the router makes of a path, for a link that was
 * mistyped still holds its token.
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
