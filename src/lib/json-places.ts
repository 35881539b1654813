const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where the string ends that begins at `start`; beyond the text if it doesn't. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) return at;
    if (sign === BACKSLASH) at += 1;
  }
  return at;
}

/** An object or list that is open: the key or index the walk is at, and the keys an object had so far. */
interface Level {
  step: string | number;
  keys: Set<string> | undefined;
}

/**
 * Walks a text that is known to be JSON.
 * @param wanted the index where a value begins, or the first key that comes twice in one object.
 * @returns its JSON pointer (RFC 6901).
 */
export function findInJson(text: string, wanted: number | "duplicate"): string | undefined {
  const levels: Level[] = [];
  let isKey = false;
  for (let at = 0; at < text.length; at += 1) {
    if (at === wanted) return pointerOf(levels);
    const top = levels.at(-1);
    switch (text[at]) {
      case '"': {
        const start = at;
        at = endOfString(text, at);
        if (!isKey || top?.keys === undefined) break;
        isKey = false;
        const key: string = JSON.parse(text.slice(start, at + 1));
        top.step = key;
        if (wanted === "duplicate" && top.keys.has(key)) return pointerOf(levels);
        top.keys.add(key);
        break;
      }
      case "{":
        levels.push({ step: "", keys: new Set() });
        isKey = true;
        break;
      case "[":
        levels.push({ step: 0, keys: undefined });
        isKey = false;
        break;
      case "}":
      case "]":
        levels.pop();
        isKey = false;
        break;
      case ",":
        isKey = top?.keys !== undefined;
        if (typeof top?.step === "number") top.step += 1;
        break;
    }
  }
  return undefined;
}

function pointerOf(levels: Level[]): string {
  return levels.map(({ step }) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
