import { z } from "zod";
import { ApiClient } from "../../models/api-client.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";

export const apiClientType = resourceType<ApiClient>({
  type: "api_client",
  path: "api-clients",
  prefix: "client",
  visible: ({ db, environment_id }) =>
    ApiClient.query(db).select("api_clients.*").where("api_clients.environment_id", environment_id),
  attributes: z.object({
    client_id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    last_used_at: time.nullable(),
    created_at: time,
    updated_at: time,
  }),
  computed: ({ id }) => ({ client_id: id }),
  relationships: {},
  sortable: ["name", "created_at"],
  filters: { name: byColumn("api_clients.name") },
});
