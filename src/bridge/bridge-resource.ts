import { z } from "zod";
import type { Scope } from "../access/oauth/scopes.ts";
import type { ResourceKind } from "../billing/resource-kinds.ts";
import { metadata } from "../http/attributes.ts";
import type { Answer, Answers, EndpointRequest } from "../http/endpoint.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { record, show, shown, time } from "./envelope.ts";
import type { ListDeclaration } from "./list-query.ts";

/** A kind of resource as the Bridge API shows it. */
export interface BridgeResource<Row extends SharedResource = SharedResource> extends ListDeclaration {
  kind: ResourceKind<Row>;
  /** After `/bridge-payment`, such as `/payment-methods`. */
  path: string;
  /** Such as `PaymentMethod`. */
  name: string;
  /** The name in sentences, singular and plural. */
  spoken: { one: string; many: string };
  shape: z.ZodObject;
  /** Fields of the shape that are not columns. */
  derived?(row: Row): object;
  /** The scope an access token needs to read one by its id. */
  scope: Scope;
}

/** Columns of every kind that can be written. */
export const shared = { organization_id: z.string().max(64).nullable(), metadata };

/** A reference to another resource of the same owner. */
export const link = z.string().max(64).nullable();

/** A time in a request. */
export const givenTime = z.iso.datetime({
  offset: true,
  error: "must be a time such as 2026-01-31T00:00:00Z",
});

/** A bound nobody exceeds on purpose: ten billion in the unit of most currencies. */
const MOST_CENTS = 1_000_000_000_000;

/** An amount in the currency's smallest unit. */
const cents = z
  .number({ error: "must be a whole number of cents" })
  .int({ error: "must be a whole number of cents" })
  .min(0, { error: "may not be negative" })
  .max(MOST_CENTS, { error: `may be at most ${MOST_CENTS}` });

const CURRENCIES = new Set(Intl.supportedValuesOf("currency"));

/** What subscriptions and payments cost. Missing amounts are computed. */
export const price = {
  /** ISO 4217, in either case. */
  currency: z
    .string()
    .toUpperCase()
    .refine((code) => CURRENCIES.has(code), { error: "must be an ISO 4217 code such as USD" }),
  subtotal_cents: cents,
  tax_cents: cents,
  discount_cents: cents,
  total_cents: cents,
};

/** JSON Schema that zod can't express: one of the two may be left out, but not both (see `completeAmounts`). */
export const eitherAmount = { anyOf: [{ required: ["total_cents"] }, { required: ["subtotal_cents"] }] };

/** The shape of a record with these columns. */
export function recordOf(columns: Record<string, z.ZodType>): z.ZodObject {
  return z.object({
    id: z.string(),
    user_id: z.string(),
    ...shown({ organization_id: shared.organization_id, ...columns, metadata }),
    created_at: time,
    updated_at: time,
  });
}

/** Declares that an endpoint answers with one record. */
export function shows(
  { name, shape }: Pick<BridgeResource, "name" | "shape">,
  status: 200 | 201 = 200,
): Answers {
  return { status, records: { holds: "record", name, of: shape } };
}

/** Shows a row as its owner has it: detached, once its organization is being deleted. */
export function present<Row extends SharedResource>(
  { shape, derived }: BridgeResource<Row>,
  { caller, organization }: Pick<EndpointRequest, "caller" | "organization">,
  row: Row,
): object {
  const organization_id = caller.kind === "user" ? (organization?.id ?? null) : row.organization_id;
  return show(shape, { ...row, ...derived?.(row), organization_id });
}

/** The answer that shows a row. */
export function showing<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  request: Pick<EndpointRequest, "caller" | "organization">,
  row: Row,
  status = 200,
): Answer {
  return record(present(resource, request, row), status);
}
