import type { JsonSchema } from "../lib/json-schema-of.ts";

/** Other names of a field, by which documents of the Bridge API call it, and the one it is answered by. */
export type Aliases = Record<string, string>;

/**
 * The schema of a body with the other names of its fields. What must be sent may come by any of its names, which
 * `required` can't say: so it says so by alternatives, as a schema may that needs one field or another (`anyOf`).
 */
export function describeAliases(schema: JsonSchema, aliases: Aliases): JsonSchema {
  const { required = [], anyOf = [], ...rest } = schema;
  const namesOf = (name: string) => [
    name,
    ...Object.keys(aliases).filter((alias) => aliases[alias] === name),
  ];
  const isAlone = (name: string) => namesOf(name).length === 1;
  const alternatives = anyOf.flatMap((alternative) => alternative.required ?? []);
  const choices = [...required.filter((name) => !isAlone(name)).map((name) => [name]), alternatives]
    .filter((names) => names.length > 0)
    .map((names) => ({ anyOf: names.flatMap(namesOf).map((name) => ({ required: [name] })) }));

  const properties = { ...schema.properties };
  for (const [alias, name] of Object.entries(aliases)) {
    const description = `Another name of \`${name}\`.`;
    properties[alias] = { ...properties[name], description, deprecated: true };
  }
  const alone = required.filter(isAlone);
  return {
    ...rest,
    properties,
    ...(alone.length === 0 ? {} : { required: alone }),
    ...(choices.length > 1 ? { allOf: choices } : choices[0]),
  };
}
