import type { ResourceType } from "../reading/resource-type.ts";
import { resourceTypes } from "./resource-types.ts";

const byName = new Map(resourceTypes.map((type) => [type.type, type]));

/** @throws when a relationship names a type that is not in the list: a defect of ours. */
export function resourceTypeNamed(name: string): ResourceType {
  const type = byName.get(name);
  if (type === undefined) throw new Error(`There is no resource type ${name}`);
  return type;
}
