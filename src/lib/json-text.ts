const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Returns the index where the string that starts at `start` ends, or one past the text if it never does. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) return at;
    if (sign === BACKSLASH) at += 1;
  }
  return at;
}

/** An open object or list: the current key or index, and the keys of the object so far. */
interface Level {
  step: string | number;
  keys: Set<string> | undefined;
}

/**
 * Finds a place in a text that is valid JSON.
 * @param wanted the index where a value starts, or `duplicate` for the first key that occurs twice in one object.
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
  return levels.map(({ step }) => pointerStep(step)).join("");
}

/** Returns one step of a JSON pointer, escaped as RFC 6901 requires. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The most digits with which every decimal number survives a round trip through a double. */
const SAFE_DIGITS = 15;

/**
 * Returns whether a JSON number keeps its value in JavaScript, so that it isn't rounded, or turned into infinity or
 * zero. The notation doesn't matter: `1.10`, `1e2` and `-0` are exact.
 * @param text a number in JSON's grammar. The parser refuses anything else.
 */
export function isExactNumber(text: string): boolean {
  if (text.length <= SAFE_DIGITS && !text.includes("e") && !text.includes("E")) return true;
  const value = Number(text);
  return Number.isFinite(value) && canonical(text) === canonical(String(value));
}

/** Returns the significant digits and the exponent of the last one, which is the same text for equal numbers. */
function canonical(text: string): string {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = whole + fraction;
  let start = 0;
  let end = digits.length;
  while (digits[start] === "0") start += 1;
  while (end > start && digits[end - 1] === "0") end -= 1;
  if (start === end) return "0";
  const power = Number(exponent) - fraction.length + digits.length - end;
  return `${text.startsWith("-") ? "-" : ""}${digits.slice(start, end)}e${power}`;
}
