import { z } from "zod";
import { resourceTypeNamed } from "../types/resource-type-named.ts";
import type { ResourceType } from "./resource-type.ts";

/** Relationships followed at most, one after another, in one path of `include`. */
const DEPTH = 3;

/** Relationships to include, each with those to include from there. */
export interface IncludeTree {
  [relationship: string]: IncludeTree;
}

/** `include=memberships.user,owner`, checked against what the types relate to. Empty: nothing is wanted. */
export function includeParameter(type: ResourceType) {
  return z
    .string()
    .max(500)
    .transform((text, issue) => {
      const tree: IncludeTree = {};
      for (const path of text.split(",").filter((part) => part !== "")) {
        const problem = graft(tree, type, path.split("."));
        if (problem !== undefined) issue.addIssue(problem);
      }
      return tree;
    });
}

/** Adds a path. @returns what is wrong with it. */
function graft(tree: IncludeTree, type: ResourceType, path: string[]): string | undefined {
  if (path.length > DEPTH) return `follow ${DEPTH} relationships at most: ${path.join(".")}`;
  let branch = tree;
  let from = type;
  for (const name of path) {
    const relationship = Object.hasOwn(from.relationships, name) ? from.relationships[name] : undefined;
    if (relationship === undefined) return `${from.type} has no relationship ${name}`;
    branch[name] ??= {};
    branch = branch[name];
    from = resourceTypeNamed(relationship.type);
  }
  return undefined;
}
