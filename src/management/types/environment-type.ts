import { z } from "zod";
import { Environment } from "../../models/environment.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";

export const environmentType = resourceType<Environment>({
  type: "environment",
  path: "environments",
  prefix: "env",
  /** The operator's alone, who is in none. */
  visible: ({ db }) => Environment.query(db).select("environments.*"),
  attributes: z.object({
    handle: z.string(),
    name: z.string(),
    settings: z.looseObject({}),
    created_at: time,
    updated_at: time,
  }),
  relationships: {},
  sortable: ["handle", "created_at"],
  filters: { handle: byColumn("environments.handle") },
});
