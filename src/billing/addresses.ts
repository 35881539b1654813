import type { Context } from "../context.ts";
import { invalid } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Address } from "../models/shared-resources.ts";
import { createResource } from "./create-resource.ts";
import type { Columns, Owner, ResourceKey } from "./owned-resources.ts";
import { addresses } from "./resource-kinds.ts";
import { updateResource } from "./update-resource.ts";

/** Creates an address. @throws what `createResource` throws, 422 when it is incomplete but not marked partial. */
export async function createAddress(
  context: Pick<Context, "db">,
  owner: Owner,
  address: Columns<Address>,
  actor: Actor,
): Promise<Address> {
  requireComplete(address);
  return createResource(context, addresses, owner, { type: "billing", ...address }, actor);
}

/** Changes an address. @throws what `updateResource` throws, 422 when the result would be incomplete. */
export function updateAddress(
  context: Pick<Context, "db">,
  key: ResourceKey,
  change: Columns<Address>,
  actor: Actor,
): Promise<Address> {
  const columns = (address: Address) => {
    requireComplete({ ...address, ...change });
    return change;
  };
  return updateResource(context, addresses, key, { columns }, actor);
}

/** Requires street and city unless the address is partial, and the name of a business. @throws 422. */
function requireComplete(address: Columns<Address>): void {
  const needed = [
    ...(address.is_partial ? [] : (["line1", "city"] as const)),
    ...(address.is_business ? (["business_name"] as const) : []),
  ];
  const missing = needed.find((name) => address[name] == null);
  if (missing !== undefined) throw invalid("invalid_field", `${missing}: is required.`, `/${missing}`);
}
