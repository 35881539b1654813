import { z } from "zod";
import type { Scope } from "../access/oauth/scopes.ts";
import type { ResourceKind } from "../billing/resource-kinds.ts";
import { created_at, described, metadata, shown, text, updated_at } from "../http/attributes.ts";
import type { Answer, Answers, EndpointRequest } from "../http/endpoint.ts";
import { exampleId, type IdPrefix } from "../lib/id.ts";
import { exampleOf } from "../lib/json-schema-of.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { idOf, record, show } from "./envelope.ts";
import type { ListDeclaration } from "./list-query.ts";

/** A kind of resource, as the Bridge API offers it. */
export interface BridgeResource<Row extends SharedResource = SharedResource> extends ListDeclaration {
  kind: ResourceKind<Row>;
  /** After `/bridge-payment`, such as `/payment-methods`. */
  path: string;
  /** Such as `PaymentMethod`, and in the plural `PaymentMethods`. */
  name: string;
  plural: string;
  shape: z.ZodObject;
  /** Fields of the shape that are not columns. */
  derived?(row: Row): object;
  /** The scope an access token needs to read one by its id. */
  scope: Scope;
}

/** Turns `PaymentMethods` into `payment methods`. */
export function spoken(name: string): string {
  return name.replaceAll(/(?!^)[A-Z]/g, " $&").toLowerCase();
}

/** Columns of every kind that can be written. */
export const shared = {
  organization_id: link("org", "The organization it belongs to; null if it is the creator's own."),
  metadata: described(
    metadata,
    "Your own data: a JSON object of at most 8,192 bytes and 50 keys, nested ones included. Card data is refused here too.",
    {},
  ),
};

/** A column that may be null, with an example. */
export function nullable<Column extends z.ZodType>(column: Column, example: unknown) {
  return column.nullable().meta({ examples: [example] });
}

/** A reference to another row. */
export function link(prefix: IdPrefix, description: string) {
  return described(z.string().max(64).nullable(), description, exampleId(prefix));
}

export const billing_address_id = link("addr", "An address of the same owner; null for none.");

export const alias = text(100).nullable().describe("The owner's name for it.");

export const provider_id = described(
  text(100).nullable(),
  "Your name for the payment provider, such as `stripe`.",
  "stripe",
);

/** The same column in a request that may leave it out, but not send null. */
export function optional<Column extends z.ZodType>(column: z.ZodNullable<Column>) {
  return column.unwrap().optional().meta({ description: column.description });
}

/** A time in a request. */
export const givenTime = z.iso.datetime({
  offset: true,
  error: "must be a time such as 2026-01-31T00:00:00Z",
});

/** Ten billion in most currencies: more than anyone enters on purpose. */
const MOST_CENTS = 1_000_000_000_000;

/** An amount in the currency's smallest unit. */
const cents = z
  .number({ error: "must be a whole number of cents" })
  .int({ error: "must be a whole number of cents" })
  .min(0, { error: "may not be negative" })
  .max(MOST_CENTS, { error: `may be at most ${MOST_CENTS}` });

const CURRENCIES = new Set(Intl.supportedValuesOf("currency"));

/** The columns of a price. Missing amounts are computed. @param example the total, in cents. */
export function price(example: number) {
  return {
    concept: text(200).nullable().describe("A short text for the bill."),
    currency: described(
      z
        .string()
        .toUpperCase()
        .refine((code) => CURRENCIES.has(code), { error: "must be an ISO 4217 code such as USD" }),
      "ISO 4217, in upper or lower case.",
      "GBP",
    ),
    subtotal_cents: described(
      cents,
      "Before tax and discount. If left out, it is computed from the total.",
      example,
    ),
    tax_cents: described(cents, "Added to the subtotal.", 0),
    discount_cents: described(cents, "Subtracted from the subtotal.", 0),
    total_cents: described(
      cents,
      "The amount to pay: subtotal + tax − discount, in the currency's smallest unit. If left out, it is computed from the parts.",
      example,
    ),
  };
}

/** JSON Schema that zod can't express: at least one of the two is required (see `completeAmounts`). */
export const eitherAmount = { anyOf: [{ required: ["total_cents"] }, { required: ["subtotal_cents"] }] };

/** Documents a body by an example made of the examples of these columns. */
export function sample(columns: Record<string, z.ZodType>, names: string[]) {
  const all = { ...shared, ...columns };
  return { examples: [Object.fromEntries(names.map((name) => [name, exampleOf(Reflect.get(all, name))]))] };
}

/** The shape of a record with these columns. */
export function recordOf(prefix: IdPrefix, columns: Record<string, z.ZodType>): z.ZodObject {
  return z.object({
    id: idOf(prefix),
    user_id: idOf("user", "The creator, who keeps it when the organization is deleted."),
    ...shown({ ...columns, ...shared }),
    created_at,
    updated_at,
  });
}

/** Declares that an endpoint answers with one record. */
export function shows(
  { name, shape }: Pick<BridgeResource, "name" | "shape">,
  { status = 200, example }: { status?: 200 | 201; example?: object | undefined } = {},
): Answers {
  const records = { holds: "record", name, of: shape } as const;
  return { status, records, ...(example === undefined ? {} : { example }) };
}

/** Shows a row as its owner sees it: detached, once its organization is being deleted. */
export function present<Row extends SharedResource>(
  { shape, derived }: BridgeResource<Row>,
  { caller, organization }: Pick<EndpointRequest, "caller" | "organization">,
  row: Row,
): object {
  const organization_id = caller.kind === "user" ? (organization?.id ?? null) : row.organization_id;
  return show(shape, { ...row, ...derived?.(row), organization_id });
}

/** Answers with a row. */
export function showing<Row extends SharedResource>(
  resource: BridgeResource<Row>,
  request: Pick<EndpointRequest, "caller" | "organization">,
  row: Row,
  status = 200,
): Answer {
  return record(present(resource, request, row), status);
}
