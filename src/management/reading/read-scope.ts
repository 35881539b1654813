import type { ResourceType } from "./resource-type.ts";

/** What an API client's token must allow to read this type. */
export function readScope({ path, scope }: ResourceType): string {
  return scope ?? `${path.replaceAll("-", "_")}:read`;
}
