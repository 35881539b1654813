import type { Knex } from "knex";
import { z } from "zod";
import { findResource } from "../billing/find-resource.ts";
import { listResources } from "../billing/list-resources.ts";
import { type Endpoint, endpoint } from "../http/endpoint.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { type BridgeResource, inPath, namedIn, present, showing, shows } from "./bridge-resource.ts";
import { page } from "./envelope.ts";
import { ownerIn, reachIn } from "./owner-in.ts";
import { offsetParameter, pageParameters, pagingOf } from "./paging.ts";

/** The list of a kind of resource, and one by its id. */
export function resourceReads<Row extends SharedResource>(resource: BridgeResource<Row>): Endpoint[] {
  const { kind, path, name, spoken, shape, scope } = resource;
  return [
    endpoint({
      method: "GET",
      path: `/bridge-payment${path}`,
      summary: `List your own ${spoken.many}, or with \`organization_id\` an organization's.`,
      who: "user",
      limit: "read",
      query: listQuery(resource),
      organization: ({ query }) => namedIn(query),
      permission: kind.read,
      personal: true,
      answers: { status: 200, records: { holds: "page", name, of: shape } },
      async handle(request) {
        const { query, context } = request;
        const paging = pagingOf(query);
        const { rows, total } = await listResources(context.db, kind, ownerIn(request), {
          ...paging,
          filter: (narrowed) => narrow(narrowed, resource.filters, query),
          order: { column: resource.orders[query.orderBy] ?? query.orderBy, direction: query.orderDir },
        });
        return page(
          rows.map((row) => present(resource, request, row)),
          total,
          paging,
        );
      },
    }),
    endpoint({
      method: "GET",
      path: `/bridge-payment${path}/:id`,
      summary: `Read one of the ${spoken.many}.`,
      who: "caller",
      scope,
      limit: "read",
      organization: inPath,
      permission: kind.read,
      personal: true,
      answers: shows(resource),
      async handle(request) {
        const key = { id: request.params.id ?? "", owner: reachIn(request) };
        return showing(resource, request, await findResource(request.context.db, kind, key));
      },
    }),
  ];
}

function listQuery({
  largestPage,
  filters,
  orders,
}: Pick<BridgeResource, "largestPage" | "filters" | "orders">) {
  const narrowing = Object.entries(filters).map(([name, { values }]) => [name, values.optional()] as const);
  const known = z.strictObject({
    ...pageParameters(largestPage),
    offset: offsetParameter,
    organization_id: z.string().max(64).optional(),
    orderBy: z.enum(["created_at", "updated_at", ...Object.keys(orders)]).default("created_at"),
    orderDir: z.enum(["asc", "desc"]).default("desc"),
  });
  // The filters are looked at by name alone: their types would hide those of the others.
  return known.extend(Object.fromEntries(narrowing)) as unknown as typeof known;
}

function narrow(query: Knex.QueryBuilder, filters: BridgeResource["filters"], given: object): void {
  for (const [name, value] of Object.entries(given))
    if (value !== undefined) filters[name]?.narrow(query, String(value));
}
