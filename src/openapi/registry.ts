import type { Reference } from "./openapi-types.ts";

/** Components of one kind: written once, referred to wherever they are used. */
export interface Registry<Component> {
  /** Refers to the component of that name, which is built when it is first named. It may refer to itself. */
  refer(name: string, build: () => Component): Reference;
  all: Record<string, Component>;
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
