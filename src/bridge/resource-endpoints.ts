import { z } from "zod";
import { inPath, member } from "../access/allow.ts";
import { deleteResource } from "../billing/delete-resource.ts";
import { findResource, listResources, type Owner, type ResourceKey } from "../billing/owned-resources.ts";
import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import { type BodyShape, type Endpoint, endpoint } from "../http/endpoint.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { type BridgeResource, present, showing, shows } from "./bridge-resource.ts";
import { done, page } from "./envelope.ts";
import { fields, optionalFields } from "./fields.ts";
import { listQuery, narrow, pagingOf } from "./list-query.ts";
import { accessIn, namedInBody, namedInQuery, ownerIn, resourceKey } from "./owner-in.ts";

/** The list of a kind of resource, and one by its id. */
export function reads<Row extends SharedResource>(resource: BridgeResource<Row>): Endpoint[] {
  const { kind, path, name, spoken, shape, scope } = resource;
  return [
    endpoint({
      method: "GET",
      path: `/bridge-payment${path}`,
      summary: `List your own ${spoken.many}, or with \`organization_id\` an organization's.`,
      allow: member(kind.read, { of: namedInQuery, orOwn: true }),
      limit: "read",
      query: listQuery(resource),
      answers: { status: 200, records: { holds: "page", name, of: shape } },
      async handle(request) {
        const { query, context } = request;
        const paging = pagingOf(query);
        const { rows, total } = await listResources(context.db, kind, ownerIn(request), {
          ...paging,
          filter: (narrowed) => narrow(narrowed, resource.filters, query),
          order: { column: resource.orders[query.orderBy] ?? query.orderBy, direction: query.orderDir },
        });
        const records = rows.map((row) => present(resource, request, row));
        return page(records, total, paging);
      },
    }),
    endpoint({
      method: "GET",
      path: `/bridge-payment${path}/:id`,
      summary: `Read one of the ${spoken.many}.`,
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

interface Creation<Row, Body> {
  /** Default: that of the list. */
  path?: string;
  summary: string;
  body: BodyShape<Body>;
  create(context: Context, owner: Owner, values: Omit<Body, "organization_id">, actor: Actor): Promise<Row>;
}

/** Creates one, for the organization the body names or for the caller. */
export function creates<
  Row extends SharedResource,
  Body extends { organization_id?: string | null | undefined },
>(resource: BridgeResource<Row>, { path, summary, body, create }: Creation<Row, Body>): Endpoint {
  return endpoint({
    method: "POST",
    path: `/bridge-payment${path ?? resource.path}`,
    summary,
    allow: member(resource.kind.manage, { of: namedInBody, orOwn: true }),
    limit: "write",
    body,
    answers: shows(resource, 201),
    async handle(request) {
      const { organization_id: _, ...values } = request.body;
      const created = await create(request.context, ownerIn(request), values, request.actor);
      return showing(resource, request, created, 201);
    },
  });
}

interface ChangeOf<Row, Body> {
  method?: "PUT" | "POST" | "PATCH";
  /** Default: that of the record. */
  path?: `${string}/:id` | `${string}/:id/${string}`;
  summary: string;
  body: BodyShape<Body>;
  change(context: Context, key: ResourceKey, values: Body, actor: Actor): Promise<Row>;
}

/** Changes one. */
export function changes<Row extends SharedResource, Body>(
  resource: BridgeResource<Row>,
  { method = "PUT", path = `${resource.path}/:id`, summary, body, change }: ChangeOf<Row, Body>,
): Endpoint {
  return endpoint({
    method,
    path: `/bridge-payment${path}`,
    summary,
    allow: member(resource.kind.manage, { of: inPath("resource"), orOwn: true }),
    limit: "write",
    body,
    answers: shows(resource),
    async handle(request) {
      const { context, body, actor } = request;
      return showing(resource, request, await change(context, resourceKey(request), body, actor));
    },
  });
}

/** Makes one its owner's default. */
export function setsDefault<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  change: ChangeOf<Row, { is_default: true }>["change"],
): Endpoint {
  return changes(resource, {
    method: "POST",
    path: `${resource.path}/:id/set-default`,
    summary: `Make one of the ${resource.spoken.many} the default; the one before ceases to be it.`,
    body: optionalFields(z.strictObject({})),
    change: (context, key, _, actor) => change(context, key, { is_default: true }, actor),
  });
}

/** Links one to a billing address of the same owner, or unlinks it. */
export function setsBillingAddress<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  change: ChangeOf<Row, { billing_address_id: string | null }>["change"],
): Endpoint {
  return changes(resource, {
    method: "PATCH",
    path: `${resource.path}/:id/billing-address`,
    summary: `Link one of the ${resource.spoken.many} to a billing address; null unlinks it.`,
    body: fields(z.strictObject({ billing_address_id: z.string().max(64).nullable() })),
    change,
  });
}

/** Deletes one for good. */
export function deletes<Row extends SharedResource>({ kind, path, spoken }: BridgeResource<Row>): Endpoint {
  const message = `${spoken.one.charAt(0).toUpperCase()}${spoken.one.slice(1)} deleted successfully`;
  return endpoint({
    method: "DELETE",
    path: `/bridge-payment${path}/:id`,
    summary: `Delete one of the ${spoken.many} for good.`,
    allow: member(kind.manage, { of: inPath("resource"), orOwn: true }),
    limit: "write",
    answers: { status: 200, message },
    async handle(request) {
      await deleteResource(request.context, kind, resourceKey(request), request.actor);
      return done(message);
    },
  });
}
