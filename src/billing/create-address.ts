import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import type { Address } from "../models/shared-resources.ts";
import type { Columns } from "./columns.ts";
import { createResource } from "./create-resource.ts";
import type { Owner } from "./owned-by.ts";
import { addresses } from "./resource-kinds.ts";
import { requireComplete } from "./update-address.ts";

/** Creates an address. @throws what `createResource` throws, 422 when it is incomplete and does not say so. */
export async function createAddress(
  context: Pick<Context, "db">,
  owner: Owner,
  address: Columns<Address>,
  actor: Actor,
): Promise<Address> {
  requireComplete(address);
  return createResource(context, addresses, owner, { type: "billing", ...address }, actor);
}
