import type { Endpoint } from "../http/endpoint.ts";
import { addressEndpoints } from "./addresses.ts";
import { customerEndpoints } from "./customers.ts";
import { memberEndpoints } from "./members.ts";
import { organizationDeletionEndpoints } from "./organization-deletion.ts";
import { organizationEndpoints } from "./organizations.ts";
import { paymentMethodEndpoints } from "./payment-methods.ts";
import { paymentEndpoints } from "./payments.ts";
import { subscriptionEndpoints } from "./subscriptions.ts";

/** Every endpoint of the Bridge API. */
export const allBridgeEndpoints: Endpoint[] = [
  ...organizationEndpoints,
  ...organizationDeletionEndpoints,
  ...memberEndpoints,
  ...subscriptionEndpoints,
  ...paymentMethodEndpoints,
  ...addressEndpoints,
  ...customerEndpoints,
  ...paymentEndpoints,
];
