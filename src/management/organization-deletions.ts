import { readEndpoints } from "./reading/read-endpoints.ts";
import { organizationDeletionType } from "./types/organization-deletion-type.ts";

/** A deletion's progress and, once completed, its receipt: read, never written. */
export const organizationDeletionEndpoints = readEndpoints(organizationDeletionType);
