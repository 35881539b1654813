import type { z } from "zod";
import { BODY_LIMIT } from "../http/read-body.ts";
import type { RowProblem, SentRow } from "../invitation-batches/new-rows.ts";
import { isObject } from "../json-api/pointer-to.ts";
import { clip } from "../lib/clip.ts";
import { invitationAttributes } from "./invitation-attributes.ts";

/** Characters kept of an address that is none, and of what is said of a row. */
const LONGEST_KEPT = 500;

/** More than any list of a row may have: the others would only be complained of, one by one. */
const LIST_READ = 100;

/** Reads a row as the attributes of a single invitation are read; what is wrong with it is its own trouble. */
export function readBatchRow(given: unknown): SentRow {
  const email = isObject(given) && typeof given.email === "string" ? keptOf(given.email) : null;
  // What bounds a single invitation is its body.
  if (JSON.stringify(given).length > BODY_LIMIT) {
    const detail = `row: may have at most ${BODY_LIMIT / 1024} KiB`;
    return { email, problem: { code: "invalid_attribute", detail } };
  }
  const parsed = invitationAttributes.safeParse(withShortLists(given));
  if (!parsed.success) return { email, problem: problemOf(parsed.error) };
  const {
    email: address,
    first_name = null,
    last_name = null,
    role_ids,
    message = null,
    locale = null,
    metadata,
    expires_at = null,
  } = parsed.data;
  const input = { address, first_name, last_name, role_ids, message, locale, metadata, expires_at };
  return { email, input, role_names: [] };
}

function withShortLists(given: unknown): unknown {
  if (!isObject(given) || !Array.isArray(given.role_ids) || given.role_ids.length <= LIST_READ) return given;
  return { ...given, role_ids: given.role_ids.slice(0, LIST_READ) };
}

/** An address as it was sent, so that its sender knows it again. */
export function keptOf(email: string): string {
  return clip(email, LONGEST_KEPT);
}

/** One is enough to mend a row by. */
function problemOf({ issues: [issue] }: z.ZodError): RowProblem {
  if (issue?.code === "unrecognized_keys") {
    const detail = clip(`${issue.keys.join(", ")}: there is no such attribute.`, LONGEST_KEPT);
    return { code: "unknown_attribute", detail };
  }
  const name = issue?.path.join(".") || "row";
  return { code: "invalid_attribute", detail: clip(`${name}: ${issue?.message}`, LONGEST_KEPT) };
}
