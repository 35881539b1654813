import { z } from "zod";
import { described } from "../http/attributes.ts";
import { exampleId } from "../lib/id.ts";
import { inTurns } from "../lib/in-turns.ts";
import { jsonSchemaOf } from "../lib/json-schema-of.ts";
import { invitationAttributes, readBatchRow } from "./read-batch-row.ts";

/** More than that are several batches. */
export const ROWS_AT_MOST = 10_000;

/** Documented as it should be, and taken whatever it is: a row that is wrong stops no other. */
const row = z.unknown().meta(jsonSchemaOf(invitationAttributes, "input"));

export const newInvitationBatch = {
  type: "invitation_batch",
  attributes: z.strictObject({
    rows: described(
      z
        .array(row)
        .min(1, { error: "must have a row at least" })
        .max(ROWS_AT_MOST, {
          error: `may have at most ${ROWS_AT_MOST.toLocaleString("en")}: send them in parts`,
        })
        // Once it is known that there are not too many, and read only for somebody who may invite there.
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
