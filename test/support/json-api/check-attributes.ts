import type { z } from "zod";
import type { ResourceType } from "../../../src/json-api/resource-type.ts";
import type { ReadExchange } from "./exchange.ts";
import type { JsonObject, Problems } from "./values.ts";

/** Attributes are what their type's schema says, each of them, and nothing else; a date is its ISO text. */
export function* checkAttributes(
  attributes: JsonObject,
  type: ResourceType,
  where: string,
  exchange: ReadExchange,
): Problems {
  const shape: Record<string, z.ZodType> = type.attributes.shape;
  yield* checkFields(Object.keys(attributes), Object.keys(shape), type, where, exchange);
  for (const [name, value] of Object.entries(attributes)) {
    const schema = shape[name];
    if (schema === undefined || schema.safeParse(value).success) continue;
    if (schema.safeParse(withDates(value)).success) continue;
    yield `${where}: the attribute ${name} is not of its type: ${JSON.stringify(value)}`;
  }
}

/** Without `fields[…]` all that the type has, save what isn't everybody's, with it no more than was asked for. */
export function* checkFields(
  given: string[],
  known: string[],
  { type, attributes }: ResourceType,
  where: string,
  { parameters, status }: ReadExchange,
): Problems {
  const asked = status === 200 ? parameters.get(`fields[${type}]`)?.split(",") : undefined;
  const wanted = asked === undefined ? known : known.filter((name) => asked.includes(name));
  for (const name of given)
    if (!wanted.includes(name)) yield `${where} has the field ${name}, which is unknown or was not asked for`;
  const shape: Record<string, z.ZodType> = attributes.shape;
  const isOptional = (name: string) => shape[name]?.safeParse(undefined).success === true;
  for (const name of wanted)
    if (!given.includes(name) && !isOptional(name)) yield `${where} lacks the field ${name}`;
}

/** The value with its moments as dates, however deep they stand. */
function withDates(value: unknown): unknown {
  if (isMoment(value)) return new Date(value);
  if (Array.isArray(value)) return value.map(withDates);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withDates(item)]));
}

function isMoment(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const date = new Date(value);
  return !Number.isNaN(date.getTime()) && date.toISOString() === value;
}
