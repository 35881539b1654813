import type { Context } from "../context.ts";
import { invalid } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Address } from "../models/shared-resources.ts";
import type { Columns } from "./columns.ts";
import type { ResourceKey } from "./find-resource.ts";
import { addresses } from "./resource-kinds.ts";
import { updateResource } from "./update-resource.ts";

/** Changes an address. @throws what `updateResource` throws, 422 when it would be incomplete afterwards. */
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

/** Of an address what it can't do without: unless it is partial, street and city; of a business its name. @throws 422. */
export function requireComplete(address: Columns<Address>): void {
  const needed = [
    ...(address.is_partial ? [] : (["line1", "city"] as const)),
    ...(address.is_business ? (["business_name"] as const) : []),
  ];
  const missing = needed.find((name) => address[name] == null);
  if (missing !== undefined) throw invalid("invalid_field", `${missing}: is required.`, `/${missing}`);
}
