import { z } from "zod";
import { deleteResource } from "../billing/delete-resource.ts";
import type { ResourceKey } from "../billing/find-resource.ts";
import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import { type Endpoint, endpoint } from "../http/endpoint.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { type BridgeResource, inPath, keyOf, showing, shows } from "./bridge-resource.ts";
import { done } from "./envelope.ts";
import { fields, optionalFields } from "./fields.ts";

/** Deletes one for good. */
export function deletes<Row extends SharedResource>({ kind, path, spoken }: BridgeResource<Row>): Endpoint {
  const message = `${spoken.one.charAt(0).toUpperCase()}${spoken.one.slice(1)} deleted successfully`;
  return endpoint({
    method: "DELETE",
    path: `/bridge-payment${path}/:id`,
    summary: `Delete one of the ${spoken.many} for good.`,
    who: "user",
    limit: "write",
    organization: inPath,
    permission: kind.manage,
    personal: true,
    answers: { status: 200, message },
    async handle(request) {
      await deleteResource(request.context, kind, keyOf(request), request.actor);
      return done(message);
    },
  });
}

/** A change of one column, by the verb that makes it. */
type ChangeTo<Value, Row> = (context: Context, key: ResourceKey, value: Value, actor: Actor) => Promise<Row>;

/** Makes one its owner's default. */
export function setsDefault<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  change: ChangeTo<{ is_default: true }, Row>,
): Endpoint {
  const { kind, path, spoken } = resource;
  return endpoint({
    method: "POST",
    path: `/bridge-payment${path}/:id/set-default`,
    summary: `Make one of the ${spoken.many} the default; the one before ceases to be it.`,
    who: "user",
    limit: "write",
    body: optionalFields(z.strictObject({})),
    organization: inPath,
    permission: kind.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const row = await change(request.context, keyOf(request), { is_default: true }, request.actor);
      return showing(resource, request, row);
    },
  });
}

/** Links one to a billing address of the same owner, or with null to none. */
export function setsBillingAddress<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  change: ChangeTo<{ billing_address_id: string | null }, Row>,
): Endpoint {
  const { kind, path, spoken } = resource;
  return endpoint({
    method: "PATCH",
    path: `/bridge-payment${path}/:id/billing-address`,
    summary: `Link one of the ${spoken.many} to a billing address; null unlinks it.`,
    who: "user",
    limit: "write",
    body: fields(z.strictObject({ billing_address_id: z.string().max(64).nullable() })),
    organization: inPath,
    permission: kind.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const row = await change(request.context, keyOf(request), request.body, request.actor);
      return showing(resource, request, row);
    },
  });
}
