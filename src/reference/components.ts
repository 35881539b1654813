import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import type { Parameter, Reference, Response } from "./openapi-types.ts";

/** Components of one kind: written once, referred to wherever they are used. */
export interface Registry<Component> {
  /** Refers to the component with that name, which is built when it is first named. It may refer to itself. */
  refer(name: string, build: () => Component): Reference;
  all: Record<string, Component>;
}

/** The components an operation refers to. */
export interface Components {
  schemas: Registry<JsonSchema>;
  parameters: Registry<Parameter>;
  responses: Registry<Response>;
}

/** @param base where the components will stand, such as `#/components/schemas/`. */
export function createRegistry<Component>(base: string): Registry<Component> {
  const known = new Set<string>();
  const all: Record<string, Component> = {};
  return {
    all,
    refer(name, build) {
      if (!known.has(name)) {
        known.add(name);
        all[name] = build();
      }
      return { $ref: base + name };
    },
  };
}

/**
 * Refers to an equal component, whatever its name, or to a new one with that name.
 * @throws if the name belongs to a different component.
 */
export function referToEqual<Component>(
  registry: Registry<Component>,
  name: string,
  component: Component,
): Reference {
  const [known] = Object.entries(registry.all).find(([, other]) => isDeepStrictEqual(other, component)) ?? [];
  if (known === undefined && name in registry.all) throw new Error(`two components are called ${name}`);
  return registry.refer(known ?? name, () => component);
}
