import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { described } from "../http/attributes.ts";
import { BODY_LIMIT } from "../http/read-body.ts";
import type { RowProblem, SentRow } from "../invitation-batches/new-rows.ts";
import { isObject } from "../json-api/pointer-to.ts";
import { clip } from "../lib/clip.ts";
import { exampleId } from "../lib/id.ts";
import { jsonSchemaOf } from "../lib/json-schema-of.ts";
import { invitationAttributes } from "./invitation-attributes.ts";

/** Characters kept of an invalid address, and of the sentence about a row. */
const LONGEST_KEPT = 500;

/** Items read of a list: more than it may have, since reading on would only add errors. */
const LIST_READ = 100;

/** Reads a row like the attributes of a single invitation. A wrong row doesn't affect the others. */
export function readBatchRow(given: unknown): SentRow {
  const email = isObject(given) && typeof given.email === "string" ? keptOf(given.email) : null;
  // The same bound as for the body of a single invitation.
  if (JSON.stringify(given).length > BODY_LIMIT) {
    const detail = `row: may have at most ${BODY_LIMIT / 1024} KiB`;
    return { email, problem: { code: "invalid_attribute", detail } };
  }
  const parsed = invitationAttributes.safeParse(withShortLists(given));
  if (!parsed.success) return { email, problem: problemOf(parsed.error) };
  const { email: address, ...attributes } = parsed.data;
  return { email, input: { address, ...attributes }, role_names: [] };
}

function withShortLists(given: unknown): unknown {
  if (!isObject(given) || !Array.isArray(given.role_ids) || given.role_ids.length <= LIST_READ) return given;
  return { ...given, role_ids: given.role_ids.slice(0, LIST_READ) };
}

/** Keeps an address as it was sent, so that the sender recognizes it. */
export function keptOf(email: string): string {
  return clip(email, LONGEST_KEPT);
}

/** Reports the first problem only, which is enough to fix a row. */
function problemOf({ issues: [issue] }: z.ZodError): RowProblem {
  if (issue?.code === "unrecognized_keys") {
    const detail = clip(`${issue.keys.join(", ")}: there is no such attribute.`, LONGEST_KEPT);
    return { code: "unknown_attribute", detail };
  }
  const name = issue?.path.join(".") || "row";
  return { code: "invalid_attribute", detail: clip(`${name}: ${issue?.message}`, LONGEST_KEPT) };
}

/** The most rows of a batch. */
export const ROWS_AT_MOST = 10_000;

/** Documented as an invitation, but any value is accepted here, because a wrong row must not stop the others. */
const row = z.unknown().meta(jsonSchemaOf(invitationAttributes, "input"));

export const newInvitationBatch = {
  type: "invitation_batch",
  attributes: z.strictObject({
    rows: described(
      z
        .array(row)
        .min(1, { error: "must have at least one row" })
        .max(ROWS_AT_MOST, {
          error: `may have at most ${ROWS_AT_MOST.toLocaleString("en")}; send them in parts`,
        })
        // Read later, after the count is checked and only for a caller who may invite there.
        .transform((rows) => () => inTurns(rows, readBatchRow)),
      "1 to 10,000 rows, each with the attributes of an invitation. A wrong row doesn't stop the others.",
      [
        {
          email: "mary@acme.example",
          first_name: "Mary",
          last_name: "Somerville",
          role_ids: [exampleId("role")],
        },
      ],
    ),
    dry_run: z.boolean().default(false),
  }),
  relationships: { organization: { type: "organization", prefix: "org", required: true } },
} as const;

/** Items per turn. */
const TURN = 100;

/** Maps many items, and yields to the rest of the process in between. */
export async function inTurns<Item, Result>(items: Item[], map: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += TURN) {
    for (const item of items.slice(start, start + TURN)) results.push(map(item));
    await setImmediate();
  }
  return results;
}
