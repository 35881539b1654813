import { z } from "zod";
import { SUPPRESSION_REASONS, Suppression } from "../../models/suppression.ts";
import { time } from "../reading/attribute-types.ts";
import { byAddress, byCreation, byWord } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";

export const suppressionType = resourceType<Suppression>({
  type: "suppression",
  path: "suppressions",
  prefix: "sup",
  /** Programs' alone: what an address wants is no organization's business. */
  visible: ({ db, environment_id }) =>
    Suppression.query(db).select("suppressions.*").where("suppressions.environment_id", environment_id),
  attributes: z.object({
    email: z.string(),
    reason: z.enum(SUPPRESSION_REASONS),
    detail: z.string().nullable(),
    created_at: time,
  }),
  computed: ({ email_canonical }) => ({ email: email_canonical }),
  relationships: {},
  sortable: ["created_at", "email_canonical"],
  filters: {
    email: byAddress("suppressions.email_canonical"),
    reason: byWord("suppressions.reason", SUPPRESSION_REASONS),
    ...byCreation("suppressions"),
  },
});
