import { STATUS_CODES } from "node:http";
import type { ErrorCodes } from "../openapi/error-codes.ts";
import { inlineCode } from "./inline-code.ts";

/** Codes by status, for a table. */
export function presentErrors(all: ErrorCodes) {
  return Object.entries(all).map(([status, codes]) => ({
    status,
    title: STATUS_CODES[status],
    codes: Object.entries(codes).map(([code, meaning]) => ({ code, meaning: inlineCode(meaning) })),
  }));
}
