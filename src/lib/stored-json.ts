/**
 * Measures a JSON value as Postgres stores it in `jsonb`: the bytes of its text, and the keys of its objects at every depth.
 * Postgres puts a space after each comma and colon, and writes numbers in full, so `1e308` takes 309 digits. For such a
 * number the result may be a few bytes too high, never too low.
 */
export function storedJson(value: unknown): { bytes: number; keys: number } {
  if (typeof value === "number") {
    const [digits = "", exponent = "0"] = String(value).split("e");
    return { bytes: digits.length + Math.abs(Number(exponent)) + (exponent === "0" ? 0 : 2), keys: 0 };
  }
  if (typeof value !== "object" || value === null)
    return { bytes: Buffer.byteLength(JSON.stringify(value)), keys: 0 };
  const isList = Array.isArray(value);
  const members = Object.entries(value);
  let bytes = 2 + 2 * Math.max(0, members.length - 1);
  let keys = isList ? 0 : members.length;
  for (const [key, member] of members) {
    const inside = storedJson(member);
    bytes += inside.bytes + (isList ? 0 : Buffer.byteLength(JSON.stringify(key)) + 2);
    keys += inside.keys;
  }
  return { bytes, keys };
}
