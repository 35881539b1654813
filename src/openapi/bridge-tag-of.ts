import { BRIDGE_TAGS, type BridgeTag } from "../bridge/all-bridge-endpoints.ts";
import type { Endpoint } from "../http/endpoint.ts";

/** @throws for an endpoint without a known tag. */
export function bridgeTagOf({ path, tag }: Pick<Endpoint, "path" | "tag">): BridgeTag {
  const known = BRIDGE_TAGS.find((other) => other.tag === tag);
  if (known === undefined) throw new Error(`${path} has no tag of the Bridge API`);
  return known;
}
