/** Every decimal number of so many digits is the shortest name of some double. */
const SAFE_DIGITS = 15;

/**
 * Whether JavaScript writes a JSON number back as the number it was: not rounded, not infinite, not zero for a tiny one.
 * How it was written is not kept, so `1.10`, `1e2` and `-0` are exact.
 * @param text a number of JSON's grammar. Anything else is for the parser to refuse.
 */
export function isExactNumber(text: string): boolean {
  if (text.length <= SAFE_DIGITS && !text.includes("e") && !text.includes("E")) return true;
  const value = Number(text);
  return Number.isFinite(value) && canonical(text) === canonical(String(value));
}

/** The digits that count, and the power of ten of the last: the same text for the same number. */
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
