import { readEndpoints } from "./reading/read-endpoints.ts";
import { deliveryType } from "./types/delivery-type.ts";

/** The mails of invitations, with what became of each: read, never written. */
export const deliveryEndpoints = readEndpoints(deliveryType);
