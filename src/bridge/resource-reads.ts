import { z } from "zod";
import { inPath, member } from "../access/allow.ts";
import { resourceList } from "../billing/list-resources.ts";
import { findResource } from "../billing/owned-resources.ts";
import { type Endpoint, endpoint } from "../http/endpoint.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { type BridgeResource, present, showing, shows, spoken } from "./bridge-resource.ts";
import { page } from "./envelope.ts";
import { LAST_PAGE, type ListDeclaration, pageParameters, pagingOf, whole } from "./list-query.ts";
import { accessIn, namedInQuery, ownerIn } from "./owner-in.ts";

/** The list of a kind of resource, and one by its id. */
export function reads<Row extends SharedResource>(resource: BridgeResource<Row>): Endpoint[] {
  const { kind, path, name, plural, shape, scope } = resource;
  const list = resourceList(kind, resource.filters);
  return [
    endpoint({
      method: "GET",
      path: `/bridge-payment${path}`,
      operationId: `bridgeList${plural}`,
      summary: `List your own ${spoken(plural)}, or with \`organization_id\` an organization's.`,
      allow: member(kind.read, { of: namedInQuery, orOwn: true }),
      limit: "read",
      query: listQuery(resource),
      answers: { status: 200, records: { holds: "page", name, of: shape } },
      async handle(request) {
        const { query, context } = request;
        const paging = pagingOf(query);
        const { rows, total } = await list(context.db, ownerIn(request), {
          ...paging,
          filters: given(resource.filters, query),
          order: { column: resource.orders[query.orderBy] ?? query.orderBy, direction: query.orderDir },
        });
        const records = rows.map((row) => present(resource, request, row));
        return page(records, total, paging);
      },
    }),
    endpoint({
      method: "GET",
      path: `/bridge-payment${path}/:id`,
      operationId: `bridgeRead${name}`,
      summary: `Read one of the ${spoken(plural)}.`,
      allow: member(kind.read, { of: inPath("resource"), scope, orOwn: true }),
      limit: "read",
      answers: shows(resource),
      async handle(request) {
        const key = { id: request.params.id, owner: accessIn(request) };
        return showing(resource, request, await findResource(request.context.db, kind, key));
      },
    }),
  ];
}

/** The query parameters of a kind's list. */
function listQuery({ largestPage, filters, orders }: ListDeclaration) {
  const narrowing = Object.entries(filters).map(
    ([name, { values }]) => [name, values.optional().describe(values.description ?? "")] as const,
  );
  const known = z.strictObject({
    ...pageParameters(largestPage),
    offset: whole(0, LAST_PAGE * 100)
      .optional()
      .describe("How many to skip, instead of `page`."),
    organization_id: z
      .string()
      .max(64)
      .optional()
      .describe("List this organization's. Without it, your own."),
    orderBy: z
      .enum(["created_at", "updated_at", ...Object.keys(orders)])
      .default("created_at")
      .describe("What to sort by. Equal ones are in the order they were created."),
    orderDir: z.enum(["asc", "desc"]).default("desc").describe("Ascending or descending."),
  });
  // The filters are read by name only; their types would hide those of the other parameters.
  return known.extend(Object.fromEntries(narrowing)) as unknown as typeof known;
}

/** The values of the filters that a query names. */
function given(filters: ListDeclaration["filters"], query: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query)
      .filter(([name, value]) => value !== undefined && Object.hasOwn(filters, name))
      .map(([name, value]) => [name, String(value)]),
  );
}
