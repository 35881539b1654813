import { exampleId, type IdPrefix } from "../lib/id.ts";
import { spoken } from "./names.ts";
import type { Parameter } from "./openapi-types.ts";

/** The id in a path. @param subject what it is of. */
export function idParameter(name: string, subject: { type: string; prefix: IdPrefix }): Parameter {
  return {
    name,
    in: "path",
    required: true,
    description: `The id of the ${spoken(subject.type)}: \`${subject.prefix}_…\`.`,
    schema: { type: "string", example: exampleId(subject.prefix) },
  };
}
