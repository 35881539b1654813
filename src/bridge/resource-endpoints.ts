import { z } from "zod";
import { inPath, member } from "../access/allow.ts";
import { deleteResource } from "../billing/delete-resource.ts";
import type { Owner, ResourceKey } from "../billing/owned-resources.ts";
import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import { type BodyShape, type Endpoint, endpoint } from "../http/endpoint.ts";
import { exampleId } from "../lib/id.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { type BridgeResource, billing_address_id, showing, shows, spoken } from "./bridge-resource.ts";
import { done } from "./envelope.ts";
import { fields, optionalFields } from "./fields.ts";
import { namedInBody, ownerIn, resourceKey } from "./owner-in.ts";

interface Creation<Row, Body> {
  /** Default: the path of the list. */
  path?: string;
  operationId: string;
  summary: string;
  body: BodyShape<Body>;
  /** Fields of the documented example that differ from those of the columns and of the body. */
  example?: object;
  create(context: Context, owner: Owner, values: Omit<Body, "organization_id">, actor: Actor): Promise<Row>;
}

/** Declares the endpoint that creates one, for the organization the body names or for the caller. */
export function creates<
  Row extends SharedResource,
  Body extends { organization_id?: string | null | undefined },
>(
  resource: BridgeResource<Row>,
  { path = resource.path, operationId, summary, body, example, create }: Creation<Row, Body>,
): Endpoint {
  return endpoint({
    method: "POST",
    path: `/bridge-payment${path}`,
    operationId,
    summary,
    allow: member(resource.kind.manage, { of: namedInBody, orOwn: true }),
    limit: "write",
    body,
    answers: shows(resource, { status: 201, example }),
    async handle(request) {
      const { organization_id: _, ...values } = request.body;
      const created = await create(request.context, ownerIn(request), values, request.actor);
      return showing(resource, request, created, 201);
    },
  });
}

interface ChangeOf<Row, Body> {
  method?: "PUT" | "POST" | "PATCH";
  /** Default: the path of the record. */
  path?: `${string}/:id` | `${string}/:id/${string}`;
  operationId: string;
  summary: string;
  body: BodyShape<Body>;
  /** Fields of the documented example that differ from those of the columns and of the body. */
  example?: object;
  change(context: Context, key: ResourceKey, values: Body, actor: Actor): Promise<Row>;
}

/** Declares the endpoint that changes one. */
export function changes<Row extends SharedResource, Body>(
  resource: BridgeResource<Row>,
  {
    method = "PUT",
    path = `${resource.path}/:id`,
    operationId,
    summary,
    body,
    example,
    change,
  }: ChangeOf<Row, Body>,
): Endpoint {
  return endpoint({
    method,
    path: `/bridge-payment${path}`,
    operationId,
    summary,
    allow: member(resource.kind.manage, { of: inPath("resource"), orOwn: true }),
    limit: "write",
    body,
    answers: shows(resource, { example }),
    async handle(request) {
      const { context, body, actor } = request;
      return showing(resource, request, await change(context, resourceKey(request), body, actor));
    },
  });
}

/** Declares the endpoint that makes one its owner's default. */
export function setsDefault<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  change: ChangeOf<Row, { is_default: true }>["change"],
): Endpoint {
  return changes(resource, {
    method: "POST",
    path: `${resource.path}/:id/set-default`,
    operationId: `bridgeSetDefault${resource.name}`,
    summary: `Make one of the ${spoken(resource.plural)} the default, in place of the previous one.`,
    body: optionalFields(z.strictObject({})),
    change: (context, key, _, actor) => change(context, key, { is_default: true }, actor),
  });
}

/** Declares the endpoint that links one to a billing address of the same owner, or unlinks it. */
export function setsBillingAddress<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  change: ChangeOf<Row, { billing_address_id: string | null }>["change"],
): Endpoint {
  return changes(resource, {
    method: "PATCH",
    path: `${resource.path}/:id/billing-address`,
    operationId: `bridgeSetBillingAddressOf${resource.name}`,
    summary: `Link one of the ${spoken(resource.plural)} to a billing address; null unlinks it.`,
    body: fields(
      z.strictObject({ billing_address_id }).meta({ examples: [{ billing_address_id: exampleId("addr") }] }),
    ),
    change,
  });
}

/** Declares the endpoint that deletes one. */
export function deletes<Row extends SharedResource>(resource: BridgeResource<Row>): Endpoint {
  const { kind, path, name, plural } = resource;
  const one = spoken(name);
  const message = `${one.charAt(0).toUpperCase()}${one.slice(1)} deleted successfully`;
  return endpoint({
    method: "DELETE",
    path: `/bridge-payment${path}/:id`,
    operationId: `bridgeDelete${name}`,
    summary: `Delete one of the ${spoken(plural)} for good.`,
    allow: member(kind.manage, { of: inPath("resource"), orOwn: true }),
    limit: "write",
    answers: { status: 200, message },
    async handle(request) {
      await deleteResource(request.context, kind, resourceKey(request), request.actor);
      return done(message);
    },
  });
}
