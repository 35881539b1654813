import { resourceTypes } from "../../../src/management/all-resources.ts";
import type { ReadExchange } from "./exchange.ts";
import { type JsonObject, objectsIn, type Problems, toObject } from "./values.ts";

/** A compound document holds what was asked for, each resource once, and nothing that nothing leads to. */
export function* checkIncluded(document: JsonObject, { parameters, endpoint }: ReadExchange): Problems {
  const wanted = parameters.get("include");
  if ((wanted !== null) !== "included" in document) {
    yield wanted === null ? "included was not asked for" : "included is missing, though asked for";
  }
  const primary = objectsIn(document.data);
  const included = objectsIn(document.included ?? []);
  const all = [...primary, ...included];
  const seen = new Set<string>();
  for (const name of all.map(nameOf)) {
    if (seen.has(name)) yield `${name} is in the document twice`;
    seen.add(name);
  }
  const types = typesAlong(wanted ?? "", endpoint?.answers.data?.type);
  for (const { type, id } of included) {
    if (!types.has(String(type))) yield `${type} ${id} is included, though include leads to no ${type}`;
  }
  // Sparse fieldsets may have taken the linkage away: the one exception there is.
  if ([...parameters.keys()].some((name) => name.startsWith("fields["))) return;
  const linked = reachable(primary, all);
  for (const resource of included) {
    if (!linked.has(nameOf(resource))) yield `${nameOf(resource)} is included, but nothing leads to it`;
  }
}

function nameOf({ type, id }: JsonObject): string {
  return `${type}:${id}`;
}

function linkageOf(resource: JsonObject): string[] {
  const relationships = Object.values(toObject(resource.relationships) ?? {});
  return relationships.flatMap((one) => objectsIn(toObject(one)?.data).map(nameOf));
}

function reachable(primary: JsonObject[], all: JsonObject[]): Set<string> {
  const byName = new Map(all.map((resource) => [nameOf(resource), resource]));
  const found = new Set<string>();
  const open = [...primary];
  for (let resource = open.pop(); resource !== undefined; resource = open.pop()) {
    for (const name of linkageOf(resource).filter((linked) => !found.has(linked))) {
      found.add(name);
      const next = byName.get(name);
      if (next !== undefined) open.push(next);
    }
  }
  return found;
}

/** The types that the paths of `include` pass, from the type of the primary data. */
function typesAlong(include: string, from: string | undefined): Set<string> {
  const types = new Set<string>();
  for (const path of include.split(",")) {
    let at = from;
    for (const name of path.split(".")) {
      at = resourceTypes.find(({ type }) => type === at)?.relationships[name]?.type;
      if (at !== undefined) types.add(at);
    }
  }
  return types;
}
