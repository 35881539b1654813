import type { Endpoint } from "../http/endpoint.ts";
import type { ResourceType } from "../json-api/resource-type.ts";
import { resourceTypes } from "../management/all-resources.ts";

/** The resource type an endpoint stands with: the one its path begins with. @throws for a path of no type. */
export function subjectOf({ path }: Pick<Endpoint, "path">): ResourceType {
  const segment = path.split("/").find((part) => part !== "" && part !== "api");
  const type = resourceTypes.find((known) => known.path === segment);
  if (type === undefined) throw new Error(`${path} belongs to no resource type`);
  return type;
}
