import { ERROR_CODES } from "./error-codes.ts";

/** What the Management API says of them, too. @throws for a code it doesn't know. */
export function asEverywhere(status: number, ...codes: string[]): Record<string, string> {
  const known = Object.entries(ERROR_CODES[status] ?? {}).filter(([code]) => codes.includes(code));
  if (known.length !== codes.length) throw new Error(`unknown among ${codes.join(", ")}`);
  return Object.fromEntries(known);
}
