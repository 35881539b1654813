import type { z } from "zod";
import type { ResourceKey } from "../billing/find-resource.ts";
import type { ResourceKind } from "../billing/resource-kinds.ts";
import type { Answer, Answers, EndpointRequest, Params } from "../http/endpoint.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import type { Scope } from "../oauth/scopes.ts";
import { record } from "./envelope.ts";
import type { Filter } from "./filters.ts";
import { ownerIn } from "./owner-in.ts";
import { show } from "./shapes/values.ts";

/** A kind of resource as the Bridge face shows it. */
export interface BridgeResource<Row extends SharedResource = SharedResource> {
  kind: ResourceKind<Row>;
  /** After `/bridge-payment`, such as `/payment-methods`. */
  path: string;
  /** Such as `PaymentMethod`, and as people say it: one, and several. */
  name: string;
  spoken: { one: string; many: string };
  shape: z.ZodObject;
  /** What of the shape is no column. */
  derived?(row: Row): object;
  /** What an access token must allow to read one by its id. */
  scope: Scope;
  /** Rows on a page at most. */
  largestPage: number;
  /** What a list can be narrowed by, besides the organization, and how. */
  filters: Record<string, Filter>;
  /** What a list can be ordered by besides the times, and the columns meant. */
  orders: Record<string, string>;
}

/** The organization a body or a query names; none, and the caller's own is meant. */
export function namedIn({ organization_id }: { organization_id?: string | null | undefined }) {
  return organization_id == null ? null : { organization: organization_id };
}

export function inPath({ params }: { params: Params }) {
  return { resource: params.id };
}

export function keyOf(request: EndpointRequest): ResourceKey {
  return { id: request.params.id ?? "", owner: ownerIn(request) };
}

/** That an endpoint answers one of it. */
export function shows(
  { name, shape }: Pick<BridgeResource, "name" | "shape">,
  status: 200 | 201 = 200,
  message?: string,
): Answers {
  const records = { holds: "record", name, of: shape } as const;
  return { status, records, ...(message === undefined ? {} : { message }) };
}

/** The row as its owner has it: of an organization that is being deleted it is not any more. */
export function present<Row extends SharedResource>(
  { shape, derived }: BridgeResource<Row>,
  { caller, organization }: Pick<EndpointRequest, "caller" | "organization">,
  row: Row,
): object {
  const organization_id = caller.kind === "user" ? (organization?.id ?? null) : row.organization_id;
  return show(shape, { ...row, ...derived?.(row), organization_id });
}

/** The answer that shows it. */
export function showing<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  request: Pick<EndpointRequest, "caller" | "organization">,
  row: Row,
  { status = 200, message }: { status?: number; message?: string } = {},
): Answer {
  return record(present(resource, request, row), status, message);
}
